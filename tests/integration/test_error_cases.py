"""What fails a run: its error, a warehouse that is as it was, and a next run that makes up for it.

The day that fails has every kind of bad record, too: the next run rejects each of them and loads all else.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import psycopg
import pytest

from demo.ledger import Ledger
from demo.seeders import exchange_rates
from demo.services.storefront import Fault
from ecommerce.core import errors
from ecommerce.sources import http
from ecommerce.warehouse import client as bigquery
from tests.integration import bad_records
from tests.integration.company import Company
from tests.integration.daily_run import morning_after, run_day
from tests.integration.warehouse_contents import read_table

FIRST, SECOND = date(2026, 8, 31), bad_records.DAY
AUDIT = ("load_audit", "rejected_rows", "loaded_files")

CONNECTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "sales_database_down": ("sales_db", {"port": 1}),
    "sales_database_wrong_password": ("sales_db", {"password": "not the password"}),
    "storefront_401": ("storefront_api", {"password": "cs_wrong"}),
}
SETTINGS = {
    "partner_folder_missing": ("PARTNER_DROP_URI", "file:///nowhere"),
    "bigquery_down": ("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:1"),
    "another_hash_key": ("CUSTOMER_HASH_KEY", "another key that only tests use"),
    "another_timezone": ("SHOP_TIMEZONE", "America/Chicago"),
}
NO_ROUTE = b'{"code":"rest_no_route","message":"No route was found."}'
OF_THE_STOREFRONT: dict[str, dict[str, Any]] = {
    "storefront_404": {"status": 404, "body": NO_ROUTE},
    "storefront_429": {"status": 429, "headers": {"Retry-After": "600"}},
    "storefront_500": {"status": 500, "body": b"Fatal error near ann@example.com"},
    "storefront_truncated_json": {"rewrite": lambda body: body[: len(body) // 2]},
}


@dataclass
class Shop:
    """A company whose first day is loaded, whose second is about to be."""

    company: Company
    patch: pytest.MonkeyPatch
    repairs: list[Callable[[], None]] = field(default_factory=list)

    def connection(self, name, **changes):
        variable = f"AIRFLOW_CONN_{name.upper()}"
        connection = json.loads(self.company.environment[variable]) | changes
        self.patch.setenv(variable, json.dumps(connection))

    def sql(self, statement):
        with psycopg.connect(self.company.dsn) as database:
            database.execute(statement)

    def rename(self, table, before, after):
        """Rename a table or its column, until the case is over."""
        self.sql(f"ALTER TABLE {table} RENAME {before} TO {after}")
        self.repairs.append(
            lambda: self.sql(f"ALTER TABLE {table} RENAME {after} TO {before}")
        )

    def tables(self):
        """Everything that a failed run must leave alone."""
        tables = self.company.warehouse()
        for name in AUDIT:
            tables[name] = read_table(self.company.client, self.company.dataset, name)
        return tables

    def mend(self):
        self.patch.undo()
        self.company.storefront.faults.clear()
        for repair in self.repairs:
            repair()


def sales_database_without_a_table(shop):
    shop.sql("ALTER TABLE order_items RENAME TO lines")
    shop.repairs.append(lambda: shop.sql("ALTER TABLE lines RENAME TO order_items"))


def sales_database_without_a_column(shop):
    shop.rename("orders", "updated_at", "changed_at")


def sales_database_statement_timeout(shop):
    shop.connection("sales_db", extra={"options": "-c statement_timeout=300"})
    lock = psycopg.connect(shop.company.dsn)
    lock.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
    shop.repairs.append(lock.close)


def storefront_timeout(shop):
    shop.connection("storefront_api", extra={"timeout": 0.2})
    shop.company.storefront.faults.append(Fault("/orders", delay=0.5, times=99))


def rates_without_header(shop):
    file = shop.company.folders.rates / exchange_rates.PATH
    known = file.read_bytes()
    file.write_text("<html>maintenance</html>")
    shop.repairs.append(lambda: file.write_bytes(known))


SPOILED = (
    sales_database_without_a_table,
    sales_database_without_a_column,
    sales_database_statement_timeout,
    storefront_timeout,
    rates_without_header,
)
FUNCTIONS = {function.__name__: function for function in SPOILED}
CASES = [*CONNECTIONS, *SETTINGS, *OF_THE_STOREFRONT, *FUNCTIONS]


def break_it(shop, case):
    if case in CONNECTIONS:
        name, changes = CONNECTIONS[case]
        shop.connection(name, **changes)
    elif case in SETTINGS:
        shop.patch.setenv(*SETTINGS[case])
    elif case in OF_THE_STOREFRONT:
        fault = Fault("/orders", times=99, **OF_THE_STOREFRONT[case])
        shop.company.storefront.faults.append(fault)
    else:
        FUNCTIONS[case](shop)


@pytest.fixture(scope="module")
def company(start_shared_company):
    company = start_shared_company()
    told = Ledger(FIRST, 2, orders_per_day=20, seed=5)
    company.show(bad_records.without_cad(told.as_of(morning_after(FIRST))))
    run_day(FIRST)
    bad_records.spoil(company, told.as_of(morning_after(SECOND)))
    return company


@pytest.fixture
def shop(company, monkeypatch):
    shop = Shop(company, monkeypatch)
    yield shop
    shop.mend()


@pytest.mark.parametrize("case", CASES)
def test_a_failed_run_says_why_and_changes_nothing(shop, case, snapshot):
    before = shop.tables()
    shop.patch.setattr(http, "FIRST_PAUSE", 0.0)
    shop.patch.setattr(bigquery, "RETRY_SECONDS", 1)
    break_it(shop, case)
    with pytest.raises(errors.PipelineError) as failure:
        run_day(SECOND)
    text = f"{type(failure.value).__name__}: {failure.value}"
    text = text.replace(f"dataset {shop.company.dataset}", "dataset DATASET")
    # The queries of the database run side by side.
    text = re.sub(r"sales_db: \w+\.sql", "sales_db: QUERY.sql", text)
    text = re.sub(r" LINE .*: adapt", ": adapt", text)
    text = re.sub(r"(127\.0\.0\.1:|port )\d+", r"\1PORT", text)
    assert re.sub(r"\d+ bytes", "N bytes", text) == snapshot
    shop.patch.undo()
    assert shop.tables() == before


def test_the_next_run_loads_everything_that_is_good_and_rejects_the_rest_by_name(
    shop, snapshot
):
    """The refused files are of partners that were not due, so the day is complete."""
    company = shop.company
    twice = Fault("/orders", rewrite=bad_records.repeated, times=9)
    company.storefront.faults.append(twice)
    run_day(SECOND)
    assert company.differences(company.oracle(run_days=[FIRST, SECOND])) == ""
    rows = read_table(company.client, company.dataset, "rejected_rows")
    rows = [row for row in rows if "alpenmarkt" not in str(row["file"])]
    rows = [row for row in rows if "bazario" not in str(row["file"])]
    # A set: an order that the storefront lists twice is rejected twice.
    lines = {rejected(row) for row in rows}
    assert "\n".join(sorted(lines)) == snapshot
    assert any("<e-mail>" in (row["raw"] or "") for row in rows)
    assert "example.com" not in str(rows).lower()


def rejected(row):
    """The line about a rejected record; of a file, its place in it."""
    place = row["file"]
    if row["source"] == "partner_files":
        place += f" line {row['row_number']:02d}"
    return f"{row['source']} {place}: {row['reason']}, {row['detail']}"
