"""Where the demo keeps its things: ports and folders. The only place that knows them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


class PortTaken(Exception):
    """Another program listens on a port the demo wants; the text names it and the way out."""


@dataclass(frozen=True)
class Ports:
    """The demo's ports on the loopback interface. `DEMO_<NAME>_PORT` in the environment changes one."""

    airflow: int = 8080
    airflow_logs: int = 8793
    sales_db: int = 54329
    storefront: int = 8090
    exchange_rates: int = 8091
    web_events: int = 8092
    catalogue: int = 8093
    partner_ftp: int = 2121
    bigquery: int = 9050
    smtp: int = 8026
    mailbox: int = 8025

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> Ports:
        """The defaults with what `environ` says; empty says nothing."""
        variables = {field.name: cls.variable(field.name) for field in fields(cls)}
        return cls(**{name: int(environ[key]) for name, key in variables.items() if environ.get(key)})

    @staticmethod
    def variable(name: str) -> str:
        """The environment variable that changes the port `name`."""
        return f"DEMO_{name.upper()}_PORT"

    def port_taken(self, name: str) -> PortTaken:
        """What to say when the port `name` is not free."""
        port = getattr(self, name)
        return PortTaken(
            f"port {port} ({name.replace('_', ' ')}) is taken by another program: stop that program, or "
            f"choose another port with {self.variable(name)}={port + 1000}"
        )


@dataclass(frozen=True)
class Folders:
    """Everything the demo writes lies below `home` (`DEMO_HOME`, default `.demo`); without it, all is new."""

    home: Path

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> Folders:
        """The home that `environ` says, or the default."""
        return cls(Path(environ.get("DEMO_HOME", REPOSITORY / ".demo")).resolve())

    @property
    def partner_drop(self) -> Path:
        """Where partners leave their files."""
        return self.home / "partner_drop"

    @property
    def reports(self) -> Path:
        """The archive of reports."""
        return self.home / "reports"

    @property
    def rates(self) -> Path:
        """What the central bank's web server shows."""
        return self.home / "exchange_rates"

    @property
    def old_shop(self) -> Path:
        """The bulk export of the shop that the company had before."""
        return self.home / "old_shop"

    @property
    def web_events(self) -> Path:
        """The events the shop's website sent: one file per hour of receipt."""
        return self.home / "web_events"

    @property
    def catalogue(self) -> Path:
        """What the catalogue's web server shows: its products and their pictures."""
        return self.home / "catalogue"

    @property
    def partner_ftp(self) -> Path:
        """What lies on the partner's FTP server."""
        return self.home / "partner_ftp"

    @property
    def mail(self) -> Path:
        """The messages kept by the mail server."""
        return self.home / "mail"

    @property
    def storefront(self) -> Path:
        """The file with the storefront's data."""
        return self.home / "storefront" / "store.jsonl"

    @property
    def environment(self) -> Path:
        """What the pipeline's commands need to know, written when Airflow is started."""
        return self.home / "environment"

    @property
    def processes(self) -> Path:
        """What was started: one file per process."""
        return self.home / "run"

    @property
    def logs(self) -> Path:
        """The programs' own logs."""
        return self.home / "logs"
