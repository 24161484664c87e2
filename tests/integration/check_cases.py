"""What `make check` is tried against: each case spoils one thing of a shop where all is well."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from demo.seeders import sales_db
from demo.services.postgres import Postgres
from demo.services.storefront import Fault
from demo.services.web_events import EventFault
from tests.integration.company import Company

TODAY = datetime.now(UTC).date()
"""Of the newest rates; they are new enough for a week after this."""
CLOSED = 1
"""A port at which nothing listens."""

CONNECTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "database_wrong_password": ("sales_db", {"password": "wrong"}),
    "database_wrong_port": ("sales_db", {"port": CLOSED}),
    "database_without_tls": ("sales_db", {"extra": {"sslmode": "require"}}),
    "database_on_the_internet": (
        "sales_db",
        {"host": "db.shop-hosting.net", "extra": {"hostaddr": "127.0.0.1"}},
    ),
    "database_unknown": ("sales_db", {"schema": "nowhere"}),
    "storefront_wrong_password": ("storefront_api", {"password": "cs_wrong"}),
    "storefront_password_that_cannot_be_sent": (
        "storefront_api",
        {"password": "cs_\N{EURO SIGN}"},
    ),
    "storefront_wrong_host": ("storefront_api", {"host": "https://shop.invalid"}),
    "storefront_in_the_open": ("storefront_api", {"host": "http://shop.example"}),
    "web_events_of_the_example": (
        "web_events_api",
        {"host": "https://events.example.com", "password": "…"},
    ),
    "web_events_wrong_host": ("web_events_api", {"host": "https://events.invalid"}),
    "catalogue_wrong_host": (
        "product_catalogue_api",
        {"host": "https://catalogue.invalid"},
    ),
    "catalogue_that_is_none": (
        "product_catalogue_api",
        {"extra": {"entries": "items"}},
    ),
    "partner_ftp_wrong_password": ("partner_ftp", {"password": "wrong"}),
    "mail_server_down": ("smtp_default", {"port": CLOSED}),
    "mail_server_wrong_host": ("smtp_default", {"host": "smtp.invalid"}),
    "mail_server_without_tls": (
        "smtp_default",
        {"extra": {"from_email": "reports@shop.example"}},
    ),
    "mail_server_without_starttls": (
        "smtp_default",
        {"extra": {"from_email": "reports@shop.example", "disable_ssl": True}},
    ),
}
"""The connection, which is the subject too, and its fields that are different."""
NO_KEY = '{"conn_type": "google_cloud_platform", "extra": {"key_path": "/no.json"}}'
SETTINGS: dict[str, tuple[str, str, str | None]] = {
    "no_database": ("sales_db", "AIRFLOW_CONN_SALES_DB", None),
    "database_not_json": (
        "sales_db",
        "AIRFLOW_CONN_SALES_DB",
        '{"conn_type": "postgres", host: db}',
    ),
    "database_special_characters": (
        "sales_db",
        "AIRFLOW_CONN_SALES_DB",
        "postgresql://reader:pass#word@db/shop",
    ),
    "database_no_uri": (
        "sales_db",
        "AIRFLOW_CONN_SALES_DB",
        "db.example.com:5432/shop",
    ),
    "storefront_without_address": (
        "storefront_api",
        "AIRFLOW_CONN_STOREFRONT_API",
        '{"conn_type": "http", "host": "http://localhost"}',
    ),
    "no_rates": ("exchange_rates_api", "AIRFLOW_CONN_EXCHANGE_RATES_API", None),
    "no_web_events": ("web_events_api", "AIRFLOW_CONN_WEB_EVENTS_API", None),
    "no_catalogue": (
        "product_catalogue_api",
        "AIRFLOW_CONN_PRODUCT_CATALOGUE_API",
        None,
    ),
    "no_partner_ftp": ("partner_ftp", "AIRFLOW_CONN_PARTNER_FTP", None),
    "no_mail_server": ("smtp_default", "AIRFLOW_CONN_SMTP_DEFAULT", None),
    "warehouse_without_key": ("bigquery", "AIRFLOW_CONN_BIGQUERY", NO_KEY),
    "warehouse_down": (
        "bigquery",
        "BIGQUERY_EMULATOR_HOST",
        f"http://127.0.0.1:{CLOSED}",
    ),
    "no_partner_folder": ("PARTNER_DROP_URI", "PARTNER_DROP_URI", "file:///nowhere"),
    "reports_cannot_be_made": ("REPORTS_URI", "REPORTS_URI", "file:///dev/null/no"),
    "reports_not_writable": ("REPORTS_URI", "REPORTS_URI", "file:///dev/null"),
    "staging_of_another_kind": ("STAGING_URI", "STAGING_URI", "gsutil://bucket"),
    "wrong_recipient": ("report_recipients", "AIRFLOW_VAR_REPORT_RECIPIENTS", "me"),
    "no_recipient": ("report_recipients", "AIRFLOW_VAR_REPORT_RECIPIENTS", ""),
    "wrong_source_policy": ("source_policy", "AIRFLOW_VAR_SOURCE_POLICY", "[]"),
    "source_off": (
        "storefront_api",
        "AIRFLOW_VAR_SOURCE_POLICY",
        '{"storefront": "off"}',
    ),
    "wrong_timezone": ("settings", "SHOP_TIMEZONE", "Mars/Olympus"),
    "wrong_currency": ("settings", "REPORTING_CURRENCY", "EURO"),
    "wrong_number_of_days": ("settings", "RECONCILE_DAYS", "many"),
    "unknown_subject": ("smtp", "AIRFLOW_VAR_REPORT_RECIPIENTS", ""),
}
"""The subject, and the variable of the environment that is different; None: it is not there."""


@dataclass
class Trial:
    """What a case changes: the environment of a shop where all is well, or one of its systems."""

    shop: Company
    patch: pytest.MonkeyPatch
    server: Postgres

    def connection(self, name, **fields):
        """Change fields of a connection in the environment."""
        variable = f"AIRFLOW_CONN_{name.upper()}"
        known = json.loads(self.shop.environment[variable])
        self.patch.setenv(variable, json.dumps(known | fields))

    def database(self, *statements):
        """Let the connection be a database after `statements`; the subject."""
        name = "spoiled"
        self.server.psql(f"DROP DATABASE IF EXISTS {name}")
        sales_db.prepare(self.server.dsn(name))
        with psycopg.connect(self.server.dsn(name)) as database:
            for statement in statements:
                database.execute(statement)
        self.connection("sales_db", schema=name)
        return "sales_db"

    def web_events(self, *minutes_ago):
        """Let the collector have received events that long ago."""
        folder = self.shop.folders.web_events
        for number in minutes_ago:
            moment = datetime.now(UTC) - timedelta(minutes=number)
            event = {"event_id": "one", "received_at": moment.isoformat()}
            with (folder / f"{moment:%Y-%m-%dT%H}.ndjson").open("a") as file:
                file.write(json.dumps(event) + "\n")

    def chat(self, *addresses):
        """Let alerts be posted to these addresses; the subject."""
        config = [{"path": address} for address in addresses]
        chat = {"conn_type": "apprise", "extra": {"config": config}}
        self.patch.setenv("AIRFLOW_CONN_ALERT_CHAT", json.dumps(chat))
        return "alert_chat"


def write_rates(shop, newest):
    """Let the bank's newest rates be of that day."""
    folder = shop.folders.rates / "stats" / "eurofxref"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "eurofxref-hist.csv").write_text(f"Date,USD,\n{newest},1.1,\n")


def database_without_tables(trial):
    return trial.database(
        "DROP TABLE refunds, order_items, orders, products, customers"
    )


def database_without_rights(trial):
    return trial.database(
        "REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM sales_reader"
    )


def database_that_lets_nobody_in(trial):
    return trial.database(
        "REVOKE CONNECT ON DATABASE spoiled FROM PUBLIC, sales_reader"
    )


def database_of_another_schema(trial):
    return trial.database(
        "ALTER TABLE refunds DROP reason",
        "REVOKE SELECT ON customers FROM sales_reader",
        "ALTER TABLE products ALTER updated_at TYPE date",
        "DROP INDEX refunds_order_id",
        "ALTER TABLE order_items ALTER unit_price TYPE text",
    )


def storefront_that_is_no_shop(trial):
    rates = json.loads(trial.shop.environment["AIRFLOW_CONN_EXCHANGE_RATES_API"])
    trial.connection("storefront_api", host=rates["host"])
    return "storefront_api"


def storefront_that_redirects(trial):
    to = "https://www.shop.example/wp-json/wc/v3/orders"
    trial.shop.storefront.faults.append(Fault(status=301, headers={"Location": to}))
    return "storefront_api"


def storefront_without_tls(trial):
    port = urlsplit(trial.shop.storefront.url).port
    trial.connection("storefront_api", host=f"https://127.0.0.1:{port}")
    return "storefront_api"


def rates_of_a_week_ago(trial):
    write_rates(trial.shop, datetime.now(UTC).date() - timedelta(days=7))
    return "exchange_rates_api"


def rates_that_are_stale(trial):
    write_rates(trial.shop, datetime.now(UTC).date() - timedelta(days=8))
    return "exchange_rates_api"


def web_events_that_are_there(trial):
    trial.web_events(30, 9, 1)
    return "web_events_api"


def web_events_wrong_token(trial):
    trial.patch.setattr(trial.shop.web_events, "token", "right")
    trial.connection("web_events_api", password="wrong")
    return "web_events_api"


def web_events_that_are_a_page(trial):
    page = b"<!DOCTYPE html><title>Sign in</title>"
    trial.shop.web_events.faults.append(EventFault(status=200, body=page))
    return "web_events_api"


def mail_server_that_nobody_needs(trial):
    trial.connection("smtp_default", port=CLOSED)
    for name in ("REPORT", "ALERT"):
        trial.patch.setenv(f"AIRFLOW_VAR_{name}_RECIPIENTS", "")
    return "smtp_default"


def chat_that_is_read(trial):
    return trial.chat("slack://TOKENA/TOKENB/TOKENC", "json://chat.example/secret")


def chat_that_cannot_be_read(trial):
    return trial.chat("json://chat.example/secret", "https:/secret")


def folder_that_is_not_there(trial):
    folder = trial.shop.folders.home / "not" / "yet"
    trial.patch.setenv("STAGING_URI", f"file://{folder}")
    return "STAGING_URI"


SPOILED: tuple[Callable[[Trial], str], ...] = (
    database_without_tables,
    database_without_rights,
    database_that_lets_nobody_in,
    database_of_another_schema,
    storefront_that_is_no_shop,
    storefront_that_redirects,
    storefront_without_tls,
    rates_of_a_week_ago,
    rates_that_are_stale,
    web_events_that_are_there,
    web_events_wrong_token,
    web_events_that_are_a_page,
    mail_server_that_nobody_needs,
    chat_that_is_read,
    chat_that_cannot_be_read,
    folder_that_is_not_there,
)
"""Each spoils something; the subject."""


def connection_case(name):
    subject, fields = CONNECTIONS[name]

    def spoil(trial):
        trial.connection(subject, **fields)
        return subject

    return spoil


def setting_case(name):
    subject, variable, value = SETTINGS[name]

    def spoil(trial):
        if value is None:
            trial.patch.delenv(variable)
        else:
            trial.patch.setenv(variable, value)
        return subject

    return spoil


CASES = {name: connection_case(name) for name in CONNECTIONS}
CASES |= {name: setting_case(name) for name in SETTINGS}
CASES |= {case.__name__: case for case in SPOILED}
