"""What `make check` is tried against: each case spoils one thing of a shop where all is well."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import yaml

from demo.seeders import sales_db
from ecommerce.cli.local_postgres import Postgres
from tests.integration.company import Company
from tests.psql import psql

TODAY = datetime.now(UTC).date()
"""Of the newest rates; they are new enough for a week after this."""
CLOSED = 1
"""A port at which nothing listens."""

SPOILED_VALUES = yaml.safe_load(
    Path(__file__).with_name("check_cases.yaml").read_text(encoding="utf-8")
)


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
        """Let the connection be a database after `statements`."""
        name = "spoiled"
        psql(self.server, f"DROP DATABASE IF EXISTS {name}")
        sales_db.prepare(self.server.dsn(name))
        with psycopg.connect(self.server.dsn(name)) as database:
            for statement in statements:
                database.execute(statement)
        self.connection("sales_db", schema=name)

    def web_events(self, *minutes_ago):
        """Let the collector have received events that long ago."""
        folder = self.shop.folders.web_events
        for number in minutes_ago:
            moment = datetime.now(UTC) - timedelta(minutes=number)
            event = {"event_id": "one", "received_at": moment.isoformat()}
            with (folder / f"{moment:%Y-%m-%dT%H}.ndjson").open("a") as file:
                file.write(json.dumps(event) + "\n")

    def chat(self, *addresses):
        """Let alerts be posted to these addresses."""
        config = [{"path": address} for address in addresses]
        chat = {"conn_type": "apprise", "extra": {"config": config}}
        self.patch.setenv("AIRFLOW_CONN_ALERT_CHAT", json.dumps(chat))


def write_rates(shop, newest):
    """Let the bank's newest rates be of that day."""
    folder = shop.folders.rates / "stats" / "eurofxref"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "eurofxref-hist.csv").write_text(f"Date,USD,\n{newest},1.1,\n")


def rates_of_a_week_ago(trial):
    write_rates(trial.shop, datetime.now(UTC).date() - timedelta(days=7))


def rates_that_are_stale(trial):
    write_rates(trial.shop, datetime.now(UTC).date() - timedelta(days=8))


def web_events_that_are_there(trial):
    trial.web_events(30, 9, 1)


def mail_server_that_nobody_needs(trial):
    trial.connection("smtp_default", port=CLOSED)
    for name in ("REPORT", "ALERT"):
        trial.patch.setenv(f"AIRFLOW_VAR_{name}_RECIPIENTS", "")


def chat_that_is_read(trial):
    trial.chat("slack://TOKENA/TOKENB/TOKENC", "json://chat.example/secret")


def chat_that_cannot_be_read(trial):
    trial.chat("json://chat.example/secret", "https:/secret")


def folder_that_is_not_there(trial):
    folder = trial.shop.folders.home / "not" / "yet"
    trial.patch.setenv("STAGING_URI", f"file://{folder}")


CASES = [
    (rates_of_a_week_ago, "exchange_rates_api", "ok: newest rates are of"),
    (rates_that_are_stale, "exchange_rates_api", "hint: currencies stay unconverted"),
    (web_events_that_are_there, "web_events_api", "ok: 2 events in the last 10 min"),
    (mail_server_that_nobody_needs, "smtp_default", "hint: not needed while no recip"),
    (chat_that_is_read, "alert_chat", "ok: alerts and the headline are posted to it"),
    (chat_that_cannot_be_read, "alert_chat", 'FAIL: needs a valid "config"'),
    (folder_that_is_not_there, "STAGING_URI", "hint: not/yet does not exist yet"),
]
"""What spoils something, the subject, and what its line shows."""


def spoil(section, case, trial):
    """Carry out a case of the file; return the subject of its lines."""
    subject = case.pop("subject", "sales_db")
    if section == "databases":
        trial.database(*case["statements"])
    elif section == "connections":
        trial.connection(subject, **case["fields"])
    else:
        [(variable, value)] = case.items()
        if value is None:
            trial.patch.delenv(variable)
        else:
            trial.patch.setenv(variable, value)
    return subject
