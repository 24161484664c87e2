"""The role that deploy/postgres_reader.sql makes can do what the pipeline does, and nothing else."""

import json
from datetime import date
from urllib.parse import urlsplit

import psycopg
import pytest

from demo.ledger import Ledger
from ecommerce.cli import check
from tests.integration.daily_run import extract, morning_after
from tests.psql import psql
from tests.recipes import REPOSITORY
from tests.source_names import SALES_DB

SCRIPT = REPOSITORY / "deploy" / "postgres_reader.sql"
READER = "least_privileged_reader"
DAY = date(2026, 9, 1)


@pytest.fixture
def reader(
    start_company,
    postgres_server,
    monkeypatch,
):
    """The reader's connection to a company's sales database, in which it may be asked for anything."""
    company = start_company()
    company.show(Ledger(DAY, 1, orders_per_day=20, seed=11).as_of(morning_after(DAY)))
    name = urlsplit(company.dsn).path.lstrip("/")
    # Roles belong to the whole server.
    script = SCRIPT.read_text().replace(
        "\\set reader sales_reader", f"\\set reader {READER}"
    )
    assert READER in script
    # Running it again sets the password.
    for password in ("first password", "it's the second"):
        monkeypatch.setenv("SALES_READER_PASSWORD", password)
        psql(postgres_server, script, name)
    psql(
        postgres_server,
        f"GRANT USAGE ON SCHEMA clock TO {READER}; GRANT SELECT ON clock.reading TO {READER};",
        name,
    )
    connection = json.loads(company.environment["AIRFLOW_CONN_SALES_DB"])
    connection |= {"login": READER, "password": "it's the second"}
    monkeypatch.setenv("AIRFLOW_CONN_SALES_DB", json.dumps(connection))
    yield psycopg.conninfo.make_conninfo(
        host=connection["host"],
        port=connection["port"],
        dbname=name,
        user=READER,
        password=connection["password"],
    )
    psql(postgres_server, f"DROP OWNED BY {READER}; DROP ROLE {READER};", name)


def test_it_can_read_all_the_pipeline_reads_and_make_check_says_so(reader):
    findings = [(each.state, each.text) for each in check.findings(["sales_db"])]
    assert [state for state, _ in findings] == ["ok"]
    assert extract(SALES_DB, DAY, "least_privilege").rows > 20


STATEMENTS = (
    "UPDATE orders SET status = 'completed'",
    "DELETE FROM refunds",
    "CREATE TABLE mine (x int)",
    "CREATE ROLE other LOGIN",
)
REFUSED = (
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.ReadOnlySqlTransaction,
)


def test_it_can_change_nothing_even_if_it_wants_to(reader):
    with psycopg.connect(reader, autocommit=True) as connection:
        for statement in STATEMENTS:
            with pytest.raises(REFUSED):
                connection.execute(statement)
        connection.execute("SET default_transaction_read_only = off")  # anybody may
        for statement in STATEMENTS:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
