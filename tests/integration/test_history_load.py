"""An export ends in the tables of the oracle, however it is cut, loaded and undone."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from demo.ledger import PARTNER_FILES, SALES_DB, Ledger
from ecommerce.sales.history.undo import undo
from ecommerce.sales.loading import ORDERS
from ecommerce.sources import live_sources
from ecommerce.warehouse import load_history as audit
from ecommerce.warehouse.client import connect
from tests.integration.exports import SOURCE, HistoryLoad, exported, write
from tests.rows import column_of

BOOKS = Ledger(
    date(2026, 8, 29),
    5,
    orders_per_day=20,
    seed=5,
)
"""Of two months."""
MIDDLE = BOOKS.business_days[2]


AT = datetime(2026, 9, 4, 10, tzinfo=UTC)
"""A day after the newest one's run."""


@pytest.fixture
def snapshot():
    """What an old shop exports: orders of two channels, with ids that tell them apart."""
    snapshot = BOOKS.as_of(AT)
    orders = []
    for channel in (SALES_DB, PARTNER_FILES):
        for order in snapshot.orders_of(channel):
            order_id = f"{channel[:2]}-{order.order_id}"
            orders.append(replace(order, order_id=order_id))
    return exported(snapshot, orders)


def expected(company, snapshot):
    """The oracle's tables: days that only an export knows lack nothing."""
    days = set(column_of(company.oracle(snapshot).orders, "business_date"))
    return company.oracle(
        snapshot,
        missing={day: [] for day in days},
    )


@pytest.mark.slow
def test_a_dry_run_loads_nothing_then_an_export_ends_in_the_tables_of_the_oracle(
    start_company, tmp_path, snapshot
):
    company = start_company(own_dataset=True)
    company.show(replace(snapshot, orders=()))
    export = tmp_path / "export"
    write(export, snapshot)
    accounts = HistoryLoad(export, AT, dry_run=True).dry()
    datasets = {dataset.dataset_id for dataset in company.client.list_datasets()}
    assert company.dataset not in datasets
    for path in (tmp_path / "company").rglob("*.parquet"):
        assert "transformed" in path.parts, "raw files hold e-mail addresses"

    run = HistoryLoad(export, AT)
    assert len(run.run()) == 2
    oracle = expected(company, snapshot)
    assert company.differences(oracle) == ""
    # The dry run has announced this.
    assert accounts == run.accounts
    audits = [row for row in company.rows("load_audit") if row["source"] == SOURCE]
    audits.sort(key=lambda row: row["business_date"])
    loaded = column_of(audits, "orders_loaded")
    assert column_of(run.accounts, "orders") == loaded
    assert sum(row["source_orders"] for row in audits) == len(snapshot.orders)
    for row in audits:
        assert row["status"] == "history"
        assert row["source_amount"] == row["amount_loaded"]
    for path in (tmp_path / "company").rglob("*.parquet"):
        assert "transformed" in path.parts, "raw files hold e-mail addresses"

    # No daily run takes it for one of its own.
    for source in live_sources():
        assert audit.earlier_runs(source, BOOKS.business_days[-1]).last_read is None
    daily_runs = "warehouse/tables/load_audit/daily_runs.sql"
    newest = BOOKS.business_days[-1]
    assert (
        connect().query(
            daily_runs,
            spec=ORDERS,
            day=newest,
        )
        == []
    )

    stored = len(company.warehouse()["orders"])
    assert undo(SOURCE) == stored > 0
    assert not any(company.warehouse().values())
    assert undo(SOURCE) == 0


@pytest.mark.nightly
def test_two_halves_in_ranges_out_of_order_then_twice(
    start_company, tmp_path, snapshot
):
    company = start_company()
    company.show(replace(snapshot, orders=()))
    for number in (0, 1):
        half = replace(
            snapshot,
            orders=snapshot.orders[number::2],
        )
        write(tmp_path / f"half_{number}", half)
    newer = {"first_day": str(MIDDLE)}
    older = {"last_day": str(MIDDLE - timedelta(days=1))}
    for number, days in enumerate((newer, older)):
        HistoryLoad(
            tmp_path / "half_1",
            AT,
            f"second_{number}",
            **days,
        ).run()
    HistoryLoad(tmp_path / "half_0", AT, "first").run()
    assert company.differences(expected(company, snapshot)) == ""

    before = company.warehouse()
    HistoryLoad(tmp_path / "half_0", AT, "again").run()
    assert company.differences(before) == ""
