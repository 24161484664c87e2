"""The pipeline's environment for the demo company: connections, variables, settings."""

import json
from collections.abc import Mapping

from demo.layout import Folders, Ports
from demo.ledger import PARTNERS, SECOND_SHOP, SECOND_SOURCE, SHOPIFY
from demo.seeders.sales_db import READER, READER_PASSWORD
from demo.services import partner_ftp, shopify, storefront
from demo.services.emulator import PROJECT

DATABASE = "shop"
TIMEZONE = "America/New_York"
REPORT_RECIPIENTS = "analytics@example.com"
ALERT_RECIPIENTS = "data-engineering@example.com"
EXPECTED_PARTNERS = f"{PARTNERS[0]},{PARTNERS[1]}:sun-fri"
"""Explicit, because the first days do not show that the second partner sends nothing on Saturdays."""
FEW_ORDERS = 120
"""An ordinary day has at least 140 orders, the slow Tuesday at most 110."""


def environment(
    ports: Ports,
    folders: Folders,
    host: str = "127.0.0.1",
    timezone: str = TIMEZONE,
) -> dict[str, str]:
    """Return the environment variables that connect Airflow with the demo company, without those of its
    second shop and of its subscriptions.

    They define Connections and Variables (`AIRFLOW_CONN_*`, `AIRFLOW_VAR_*`), and the settings that
    `.env.example` explains. None of the passwords is secret: they belong to made-up services.

    Args:
        ports: the ports of the company's services.
        folders: the company's files, the staging folder and the report archive.
        host: the host of the services.
        timezone: the shop's timezone.
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
        "shopify_api": {
            "conn_type": "http",
            "host": f"http://{host}:{ports.shopify}",
            "password": shopify.TOKEN,
        },
        "exchange_rates_api": {
            "conn_type": "http",
            "host": f"http://{host}:{ports.exchange_rates}",
        },
        "web_events_api": {
            "conn_type": "http",
            "host": f"http://{host}:{ports.web_events}",
        },
        "product_catalogue_api": {
            "conn_type": "http",
            "host": f"http://{host}:{ports.catalogue}",
        },
        "partner_ftp": {
            "conn_type": "ftp",
            "host": host,
            "port": ports.partner_ftp,
            "login": partner_ftp.LOGIN,
            "password": partner_ftp.PASSWORD,
            "extra": {"tls": "offered"},
        },
        "bigquery": {
            "conn_type": "google_cloud_platform",
            "extra": {"is_anonymous": True, "project": PROJECT},
        },
        "smtp_default": {
            "conn_type": "smtp",
            "host": host,
            "port": ports.smtp,
            "extra": {
                "disable_ssl": True,
                "disable_tls": True,
                "from_email": "sales-report@example.com",
            },
        },
    }
    # Not `Path.as_uri`, because its percent-encoding is not decoded later.
    home = f"file://{folders.home}"
    variables = {}
    for name, connection in connections.items():
        variables[f"AIRFLOW_CONN_{name.upper()}"] = json.dumps(connection)
    return {
        **variables,
        "AIRFLOW_VAR_REPORT_RECIPIENTS": REPORT_RECIPIENTS,
        "AIRFLOW_VAR_ALERT_RECIPIENTS": ALERT_RECIPIENTS,
        "BIGQUERY_EMULATOR_HOST": f"http://{host}:{ports.bigquery}",
        "SHOP_TIMEZONE": timezone,
        "REPORTING_CURRENCY": "USD",
        "BIGQUERY_DATASET": "sales",
        "BIGQUERY_LOCATION": "US",
        "STAGING_URI": f"{home}/staging",
        "REPORTS_URI": f"file://{folders.reports}",
        "MODELS_URI": f"{home}/models",
        "PICTURES_URI": f"{home}/pictures",
        "PICTURE_NETWORKS": "127.0.0.0/8",  # the demo's catalogue is local
        "PARTNER_DROP_URI": f"file://{folders.partner_drop}",
        "TARGETS_URI": f"file://{folders.targets}",
        "CUSTOMER_HASH_KEY": "only-for-the-demo-company",
    }


def second_shop(ports: Ports, host: str = "127.0.0.1") -> dict[str, str]:
    """Return the environment variables of the company's second Shopify shop; arguments as `environment`."""
    connection = {
        "conn_type": "http",
        "host": f"http://{host}:{ports.shopify_eu}",
        "password": shopify.TOKEN,
    }
    return {
        "AIRFLOW_CONN_SHOPIFY_API_EU": json.dumps(connection),
        "SHOPS": json.dumps({SHOPIFY: [SECOND_SHOP]}),
        "SHOP_LABELS": json.dumps({SECOND_SOURCE: "Pop-up Europe"}),
    }


def subscriptions() -> dict[str, str]:
    """Return the environment variable of the subscriptions: the week of one country, the month of the whole
    shop, and an alert that is sent on the slow Tuesday of `demo.ledger.season` alone."""
    germany = {
        "name": "germany",
        "to": ["germany@example.com"],
        "report": "week",
        "only": {"country": ["DE"]},
    }
    board = {"name": "board", "to": ["board@example.com"], "report": "month"}
    few_orders = {
        "name": "few_orders",
        "to": ["founder@example.com"],
        "alert": "orders",
        "below": {"amount": FEW_ORDERS},
    }
    return {
        "AIRFLOW_VAR_REPORT_SUBSCRIPTIONS": json.dumps([germany, board, few_orders])
    }


def format_env_file(variables: Mapping[str, str]) -> str:
    """Return the content of an env file that sets `variables`; no value may be empty."""
    lines = []
    for name, value in variables.items():
        quoted = value.replace("\\", "\\\\").replace("'", "\\'")
        lines.append(f"{name}='{quoted}'\n")
    return "".join(lines)
