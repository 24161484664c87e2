"""What fails a run: its error, a warehouse that is as it was, and a next run that makes up for it.

The day that fails has every kind of bad record, too: the next run rejects each of them and loads all else.
"""

import re
from datetime import date

import pytest

from demo.ledger import Ledger
from demo.services.storefront import Fault
from ecommerce.core import errors
from ecommerce.warehouse import client as bigquery
from tests.integration import bad_records
from tests.integration.daily_run import morning_after, run_day
from tests.integration.warehouse_contents import read_table
from tests.settings import lower

FIRST = date(2026, 8, 31)
SECOND = bad_records.DAY

NO_ROUTE = b'{"code":"rest_no_route","message":"No route was found."}'
STOREFRONT = {
    "storefront_404": {"status": 404, "body": NO_ROUTE},
    "storefront_429": {"status": 429, "headers": {"Retry-After": "600"}},
    "storefront_500": {"status": 500, "body": b"Fatal error near ann@example.com"},
    "storefront_truncated_json": {"rewrite": lambda body: body[: len(body) // 2]},
}
SETTINGS = {
    "sales_database_down": ("AIRFLOW_CONN_SALES_DB", "postgresql://a:b@127.0.0.1:1/c"),
    "partner_folder_missing": ("PARTNER_DROP_URI", "file:///nowhere"),
    "bigquery_down": ("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:1"),
    "another_hash_key": ("CUSTOMER_HASH_KEY", "another key that only tests use"),
    "another_timezone": ("SHOP_TIMEZONE", "America/Chicago"),
}
CASES = [*STOREFRONT, *SETTINGS]


def tables(company):
    """Everything that a failed run must leave alone."""
    tables = company.warehouse()
    for name in ("load_audit", "rejected_rows", "loaded_files"):
        tables[name] = read_table(
            company.client,
            company.dataset,
            name,
        )
    return tables


@pytest.fixture(scope="module")
def company(start_shared_company):
    company = start_shared_company()
    books = Ledger(FIRST, 2, orders_per_day=20, seed=5)
    company.show(bad_records.without_cad(books.as_of(morning_after(FIRST))))
    run_day(FIRST)
    bad_records.spoil(company, books.as_of(morning_after(SECOND)))
    return company


@pytest.mark.parametrize("case", CASES)
def test_a_failed_run_says_why_and_changes_nothing(
    company, monkeypatch, no_pauses, case, snapshot
):
    before = tables(company)
    lower(monkeypatch, bigquery, RETRY_SECONDS=1)
    if case in SETTINGS:
        monkeypatch.setenv(*SETTINGS[case])
    else:
        fault = Fault("/orders", times=99, **STOREFRONT[case])
        company.storefront.faults.append(fault)
    with pytest.raises(errors.PipelineError) as failure:
        run_day(SECOND)
    text = f"{type(failure.value).__name__}: {failure.value}"
    text = text.replace(f"dataset {company.dataset}", "dataset DATASET")
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", text)
    assert re.sub(r"\d+ bytes", "N bytes", text) == snapshot
    monkeypatch.undo()
    company.storefront.faults.clear()
    assert tables(company) == before


def test_the_next_run_loads_everything_that_is_good_and_rejects_the_rest_by_name(
    company, snapshot
):
    """The refused files are of partners that were not due, so the day is complete."""
    twice = Fault("/orders", rewrite=bad_records.repeated, times=9)
    company.storefront.faults.append(twice)
    run_day(SECOND)
    assert company.differences(company.oracle(run_days=[FIRST, SECOND])) == ""
    rows = read_table(
        company.client,
        company.dataset,
        "rejected_rows",
    )
    known = re.compile("alpenmarkt|bazario")
    rows = [row for row in rows if not known.search(str(row["file"]))]
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
