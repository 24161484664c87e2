"""The ports and folders of the demo, defined here only."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


class PortTaken(Exception):
    """Another program listens on a port of the demo; the message names the port and the solution."""


@dataclass(frozen=True)
class Ports:
    """The demo's ports on the loopback interface. `DEMO_<NAME>_PORT` in the environment overrides one."""

    airflow: int = 8080
    airflow_logs: int = 8793
    sales_db: int = 54329
    storefront: int = 8090
    exchange_rates: int = 8091
    web_events: int = 8092
    catalogue: int = 8093
    shopify: int = 8094
    shopify_eu: int = 8095
    partner_ftp: int = 2121
    bigquery: int = 9050
    smtp: int = 8026
    mailbox: int = 8025

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> Ports:
        """Return the default ports with the overrides in `environ`.

        An empty variable is ignored.
        """
        overrides = {}
        for field in fields(cls):
            value = environ.get(cls.variable(field.name))
            if value:
                overrides[field.name] = int(value)
        return cls(**overrides)

    @staticmethod
    def variable(name: str) -> str:
        """Return the environment variable that overrides the port `name`."""
        return f"DEMO_{name.upper()}_PORT"

    def number(self, name: str) -> int:
        """Return the number of the port `name`."""
        return int(vars(self)[name])

    def port_taken(self, name: str) -> PortTaken:
        """Return the error for the port `name` being in use."""
        port = self.number(name)
        label = name.replace("_", " ")
        return PortTaken(
            f"port {port} ({label}) is in use by another program: stop that program, "
            f"or choose another port with {self.variable(name)}={port + 1000}"
        )


class Folders:
    """The files and folders of the demo, all below `home` (`DEMO_HOME`, default `.demo`)."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.partner_drop = home / "partner_drop"
        """The drop folder of the partner files."""
        self.targets = home / "targets"
        """The sales targets."""
        self.reports = home / "reports"
        """The report archive."""
        self.rates = home / "exchange_rates"
        """The files of the central bank's web server."""
        self.old_shop = home / "old_shop"
        """The bulk export of the company's former shop."""
        self.web_events = home / "web_events"
        """The events received from the website: one file per hour of receipt."""
        self.catalogue = home / "catalogue"
        """The products and images of the catalogue's web server."""
        self.partner_ftp = home / "partner_ftp"
        """The files of the partner's FTP server."""
        self.mail = home / "mail"
        """The messages that the mail server stores."""
        self.storefront = home / "storefront" / "store.jsonl"
        """The storefront's data file."""
        self.shopify = home / "shopify" / "store.jsonl"
        """The data file of the Shopify shop."""
        self.shopify_eu = home / "shopify_eu" / "store.jsonl"
        """That of the second one, in Europe."""
        self.environment = home / "environment"
        """The environment of the pipeline's commands, written when Airflow starts."""
        self.processes = home / "run"
        """One file per started process."""
        self.logs = home / "logs"
        """The logs of the programs."""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> Folders:
        """Return the folders below `DEMO_HOME`."""
        return cls(Path(environ.get("DEMO_HOME", REPOSITORY / ".demo")).resolve())
