"""An export ends in the tables of the oracle, however it is cut, loaded and undone."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from demo.ledger import PARTNER_FILES, SALES_DB, Ledger
from ecommerce.core.errors import ConcurrentUpdateError
from ecommerce.sales.history.undo import undo
from ecommerce.sales.loading import ORDERS
from ecommerce.sources import SOURCES
from ecommerce.warehouse import load as load_module
from ecommerce.warehouse import load_history as audit
from ecommerce.warehouse.client import Warehouse, connect
from tests.integration.daily_run import morning_after
from tests.integration.exports import SOURCE, HistoryLoad, exported, write

FIRST_DAY = date(2026, 8, 29)
DAYS = 5  # two months
LATER = timedelta(days=1)


@pytest.fixture(scope="module")
def books():
    return Ledger(FIRST_DAY, DAYS, orders_per_day=20, seed=5)


def at(books):
    return morning_after(books.business_days[-1]) + LATER


def history(books):
    """What an old shop exports: orders of two channels, with ids that tell them apart."""
    snapshot = books.as_of(at(books))
    orders = [*snapshot.orders_of(SALES_DB), *snapshot.orders_of(PARTNER_FILES)]
    return exported(
        snapshot, [replace(o, order_id=f"{o.channel[:2]}-{o.order_id}") for o in orders]
    )


def expected(company, snapshot):
    """The oracle's tables: days that only an export knows lack nothing."""
    days = {row["business_date"] for row in company.oracle(snapshot).orders}
    return company.oracle(snapshot, missing={day: [] for day in days})


@pytest.mark.slow
def test_a_dry_run_loads_nothing_then_an_export_ends_in_the_tables_of_the_oracle(
    start_company, tmp_path, books
):
    company, snapshot = start_company(own_dataset=True), history(books)
    company.show(replace(snapshot, orders=()))
    write(tmp_path / "export", snapshot)
    run = HistoryLoad(tmp_path / "export", at(books), dry_run=True)
    totals, accounts = run.dry()
    assert_control_totals(company.oracle(snapshot), snapshot, totals, accounts)
    datasets = {dataset.dataset_id for dataset in company.client.list_datasets()}
    assert company.dataset not in datasets
    assert not list((tmp_path / "company").rglob("*.parquet"))

    run = HistoryLoad(tmp_path / "export", at(books))
    results = run.run()
    assert company.differences(expected(company, snapshot)) == ""
    assert len(results) == 2
    audits = company.rows("load_audit")
    audits.sort(key=lambda row: row["business_date"])
    loaded = [row["orders_loaded"] for row in audits]
    assert [month["orders"] for month in run.accounts] == loaded
    assert {row["status"] for row in audits} == {"history"}
    assert sum(row["source_orders"] for row in audits) == len(snapshot.orders)
    assert all(row["source_amount"] == row["amount_loaded"] for row in audits)
    staged = (tmp_path / "company").rglob("*.parquet")
    raw = [path for path in staged if "transformed" not in path.parts]
    assert not raw, "raw files hold e-mail addresses"

    # No daily run takes it for one of its own.
    assert [audit.last_read(source) for source in SOURCES] == [None] * len(SOURCES)
    daily_runs = "warehouse/tables/load_audit/daily_runs.sql"
    assert connect().query(daily_runs, spec=ORDERS, day=books.business_days[-1]) == []

    before = company.warehouse()
    assert undo(SOURCE) == len(before["orders"])
    assert not any(company.warehouse().values())
    assert undo(SOURCE) == 0


def assert_control_totals(oracle, snapshot, totals, accounts):
    """By month: the orders, rows, accepted rows and amounts that a load would have."""
    orders = Counter(f"{order['business_date']:%Y-%m}" for order in oracle.orders)
    assert {month["month"]: month["orders"] for month in totals["months"]} == orders
    rows = sum(len(order.lines) for order in snapshot.orders)
    assert sum(month["rows"] for month in totals["months"]) == rows
    assert [month["month"] for month in accounts] == sorted(orders)
    accepted = sum(month["rows_accepted"] for month in accounts)
    assert accepted == len(oracle.order_lines)
    amounts, found = Counter(), Counter()
    for line in oracle.order_lines:
        amounts[line["currency"]] += line["gross_amount"]
    for month in accounts:
        for currency, amount in month["amounts"].items():
            found[currency] += Decimal(amount)
    assert found == amounts


@pytest.mark.nightly
def test_two_halves_in_ranges_out_of_order_then_twice_and_two_at_once(
    start_company, tmp_path, books, monkeypatch
):
    company, snapshot = start_company(), history(books)
    company.show(replace(snapshot, orders=()))
    for number in (0, 1):
        half = replace(snapshot, orders=snapshot.orders[number::2])
        write(tmp_path / f"half_{number}", half)
    middle = books.business_days[2]
    newer = {"first_day": str(middle)}
    older = {"last_day": str(middle - timedelta(days=1))}
    for number, days in enumerate((newer, older)):
        HistoryLoad(tmp_path / "half_1", at(books), f"second_{number}", **days).run()
    HistoryLoad(tmp_path / "half_0", at(books), "first").run()
    assert company.differences(expected(company, snapshot)) == ""

    # Once more: one month is cancelled by BigQuery, and the other one commits while it begins.
    before = company.warehouse()
    run = HistoryLoad(tmp_path / "half_0", at(books), "again")
    first, second = run.months()
    look_ups = disturb(monkeypatch, lambda: run.load(second))
    run.load(first)
    assert len(look_ups) == 4
    assert company.differences(before) == ""


def disturb(monkeypatch, other):
    """Cancel the next load, and let `other` run between the second look-up and its transaction."""
    original, cancelled, looked_up = Warehouse.run, [], []

    def disturbed(self, sql, what, *arguments, **options):
        if what == "load" and not cancelled:
            cancelled.append(what)
            raise ConcurrentUpdateError("aborted due to concurrent update")
        rows = original(self, sql, what, *arguments, **options)
        if what == "look up touched days":
            looked_up.append(what)
            if len(looked_up) == 2:
                other()
        return rows

    monkeypatch.setattr(Warehouse, "run", disturbed)
    monkeypatch.setattr(load_module._load_staged.retry, "sleep", lambda _: None)
    return looked_up
