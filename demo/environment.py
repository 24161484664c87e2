"""The environment in which the pipeline runs against the demo company: connections, variables, settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from demo.layout import Folders, Ports
from demo.seeders.sales_db import READER, READER_PASSWORD
from demo.services import partner_ftp, storefront
from demo.services.emulator import PROJECT

DATABASE = "shop"
TIMEZONE = "America/New_York"
REPORT_RECIPIENTS = "analytics@example.com"
ALERT_RECIPIENTS = "data-engineering@example.com"


def environment(
    ports: Ports, folders: Folders, host: str = "127.0.0.1", timezone: str = TIMEZONE
) -> dict[str, str]:
    """What a process of Airflow needs to know of the demo company, which listens on `host`.

    Connections and Variables are given as Airflow reads them (`AIRFLOW_CONN_*`, `AIRFLOW_VAR_*`); the rest is
    what `.env.example` explains. Nothing in it is secret: all of it is made up.
    """
    connections = {
        "sales_db": {
            "conn_type": "postgres",
            "host": host,
            "port": ports.sales_db,
            "schema": DATABASE,
            "login": READER,
            "password": READER_PASSWORD,
        },
        "storefront_api": {
            "conn_type": "http",
            "host": f"http://{host}:{ports.storefront}",
            "login": storefront.KEY,
            "password": storefront.SECRET,
        },
        "exchange_rates_api": {"conn_type": "http", "host": f"http://{host}:{ports.exchange_rates}"},
        "web_events_api": {"conn_type": "http", "host": f"http://{host}:{ports.web_events}"},
        "product_catalogue_api": {"conn_type": "http", "host": f"http://{host}:{ports.catalogue}"},
        "partner_ftp": {
            "conn_type": "ftp",
            "host": host,
            "port": ports.partner_ftp,
            "login": partner_ftp.LOGIN,
            "password": partner_ftp.PASSWORD,
        },
        "bigquery": {
            "conn_type": "google_cloud_platform",
            "extra": {"is_anonymous": True, "project": PROJECT},
        },
        "smtp_default": {
            "conn_type": "smtp",
            "host": host,
            "port": ports.smtp,
            "extra": {"disable_ssl": True, "disable_tls": True, "from_email": "sales-report@example.com"},
        },
    }
    return {
        **{f"AIRFLOW_CONN_{name.upper()}": json.dumps(value) for name, value in connections.items()},
        "AIRFLOW_VAR_REPORT_RECIPIENTS": REPORT_RECIPIENTS,
        "AIRFLOW_VAR_ALERT_RECIPIENTS": ALERT_RECIPIENTS,
        "BIGQUERY_EMULATOR_HOST": f"http://{host}:{ports.bigquery}",
        "SHOP_TIMEZONE": timezone,
        "REPORTING_CURRENCY": "USD",
        "BIGQUERY_DATASET": "sales",
        "BIGQUERY_LOCATION": "US",
        "STAGING_URI": _uri(folders.home / "staging"),
        "REPORTS_URI": _uri(folders.reports),
        "MODELS_URI": _uri(folders.home / "models"),
        "PICTURES_URI": _uri(folders.home / "pictures"),
        "PICTURE_NETWORKS": "127.0.0.0/8",  # the demo's catalogue is on this machine
        "PARTNER_DROP_URI": _uri(folders.partner_drop),
        "CUSTOMER_HASH_KEY": "only-for-the-demo-company",
    }


def format_env_file(known: Mapping[str, str]) -> str:
    """The text of a file like `.env` that gives `known`; no value is empty."""
    quoted = {name: value.replace("\\", "\\\\").replace("'", "\\'") for name, value in known.items()}
    return "".join(f"{name}='{value}'\n" for name, value in quoted.items())


def _uri(folder: Path) -> str:
    # Not `as_uri`, which writes blanks and letters beyond ASCII as %20 and the like, which nobody reads back.
    return f"file://{folder}"
