"""An export ends in the tables of the oracle, however it is cut, loaded, interrupted and taken back."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from demo.ledger import PARTNER_FILES, SALES_DB, Ledger, Snapshot
from ecommerce.core.errors import ConcurrentUpdateError
from ecommerce.sales.history.undo import undo
from ecommerce.sales.loading import ORDERS
from ecommerce.sources import SOURCES
from ecommerce.warehouse import load as load_module
from ecommerce.warehouse import load_history as audit
from ecommerce.warehouse.client import Warehouse, connect
from tests.integration.company import Company
from tests.integration.daily_run import morning_after, run_day
from tests.integration.exports import SOURCE, HistoryLoad, exported, write
from tests.oracle import Oracle

FIRST_DAY = date(2026, 8, 29)
DAYS = 5  # two months
LATER = timedelta(days=1)


@pytest.fixture(scope="module")
def told() -> Ledger:
    return Ledger(FIRST_DAY, DAYS, orders_per_day=20, seed=5)


def at(told: Ledger):
    return morning_after(told.business_days[-1]) + LATER


def history(told: Ledger) -> Snapshot:
    """What an old shop exports: orders of two channels, with ids that tell them apart."""
    snapshot = told.as_of(at(told))
    orders = [*snapshot.orders_of(SALES_DB), *snapshot.orders_of(PARTNER_FILES)]
    return exported(
        snapshot, [replace(o, order_id=f"{o.channel[:2]}-{o.order_id}") for o in orders]
    )


def expected(company: Company, snapshot: Snapshot) -> Oracle:
    """The oracle's tables: days that only an export knows lack nothing."""
    days = {row["business_date"] for row in company.oracle(snapshot).orders}
    return company.oracle(snapshot, missing={day: [] for day in days})


def state(company: Company) -> dict[str, list[dict]]:
    """Everything that two loads must leave alike."""
    tables = company.warehouse()
    names = ("read_at", "run_id")
    return {
        table: sorted(
            ({k: v for k, v in row.items() if k not in names} for row in rows), key=repr
        )
        for table, rows in tables.items()
    }


def test_an_export_ends_in_the_tables_of_the_oracle(start_company, tmp_path, told):
    company, snapshot = start_company(), history(told)
    company.show(replace(snapshot, orders=()))
    write(tmp_path / "export", snapshot)
    run = HistoryLoad(tmp_path / "export", at(told))

    results = run.run()

    assert company.differences(expected(company, snapshot)) == ""
    assert [month["orders"] for month in run.accounts] == [
        result.rows["orders"] for result in results
    ]
    assert len(results) == 2
    audits = [row for result in results for row in result.audit]
    assert {row["status"] for row in audits} == {"history"}
    assert sum(row["source_orders"] for row in audits) == len(snapshot.orders)
    assert all(row["source_amount"] == row["amount_loaded"] for row in audits)
    staged = [
        path
        for path in (tmp_path / "company").rglob("*.parquet")
        if "transformed" not in path.parts
    ]
    assert not staged, "raw files hold e-mail addresses"


@pytest.mark.slow
def test_loaded_twice_it_changes_nothing_and_it_can_be_taken_back_and_loaded_again(
    start_company, tmp_path, told
):
    company, snapshot = start_company(), history(told)
    company.show(replace(snapshot, orders=()))
    write(tmp_path / "export", snapshot)

    HistoryLoad(tmp_path / "export", at(told), "manual__first").run()
    before = state(company)
    HistoryLoad(tmp_path / "export", at(told), "manual__second").run()
    assert state(company) == before, "loading it twice changed something"

    assert undo(SOURCE) == len(before["orders"])
    assert not any(state(company).values())
    assert undo(SOURCE) == 0
    HistoryLoad(tmp_path / "export", at(told), "manual__third").run()
    assert state(company) == before


def test_a_dry_run_loads_nothing_and_says_what_there_is(start_company, tmp_path, told):
    company, snapshot = start_company(own_dataset=True), history(told)
    write(tmp_path / "export", snapshot)
    run = HistoryLoad(tmp_path / "export", at(told), params={"dry_run": True})

    totals, accounts = run.dry()

    by_month: dict[str, set[str]] = {}
    for order in company.oracle(snapshot).orders:
        by_month.setdefault(f"{order['business_date']:%Y-%m}", set()).add(
            order["order_id"]
        )
    assert {month["month"]: month["orders"] for month in totals["months"]} == {
        month: len(orders) for month, orders in sorted(by_month.items())
    }
    lines = company.oracle(snapshot).order_lines
    assert sum(month["rows"] for month in totals["months"]) == sum(
        len(o.lines) for o in snapshot.orders
    )
    assert [month["month"] for month in accounts] == sorted(by_month)
    assert sum(month["rows_accepted"] for month in accounts) == len(lines)
    for currency in {line["currency"] for line in lines}:
        amounts = [Decimal(month["amounts"].get(currency, 0)) for month in accounts]
        assert sum(amounts) == sum(
            each["gross_amount"] for each in lines if each["currency"] == currency
        )
    assert not list((tmp_path / "company").rglob("*.parquet"))
    assert company.dataset not in {
        dataset.dataset_id for dataset in company.client.list_datasets()
    }


@pytest.mark.slow
def test_the_daily_run_after_it_finds_its_watermarks_and_no_day_missing(
    start_company, tmp_path, told
):
    company = start_company()
    live = Ledger(date(2026, 9, 10), 1, orders_per_day=20, seed=9)
    day = live.business_days[0]
    shown = live.as_of(morning_after(day))
    company.show(shown)
    old = exported(
        shown, [replace(o, order_id=f"o-{o.order_id}") for o in history(told).orders]
    )
    write(tmp_path / "export", old)
    HistoryLoad(tmp_path / "export", morning_after(day) - timedelta(hours=1)).run()
    assert [audit.last_read(source) for source in SOURCES] == [None] * len(SOURCES)

    run_day(day)

    both = replace(shown, orders=(*shown.orders, *old.orders))
    own = {row["business_date"] for row in company.oracle(old).orders} - {day}
    assert (
        company.differences(
            company.oracle(both, run_days=[day], missing={each: [] for each in own})
        )
        == ""
    )
    days = connect().query(
        "warehouse/tables/load_audit/daily_runs.sql", spec=ORDERS, day=day
    )
    assert [row["business_date"] for row in days] == [day]
    undo(SOURCE)
    assert company.differences(company.oracle(run_days=[day])) == "", (
        "what was read live stays"
    )


@pytest.mark.slow
class TestInManyWays:
    def test_split_in_two_exports_and_ranges_that_come_out_of_order(
        self, start_company, tmp_path, told
    ):
        company, snapshot = start_company(), history(told)
        company.show(replace(snapshot, orders=()))
        for number in (0, 1):
            half = replace(snapshot, orders=snapshot.orders[number::2])
            write(tmp_path / f"half_{number}", half, kinds=("parquet", "csv.zst"))
        middle = told.business_days[2]
        for number, days in enumerate(  # range after range, the newest first
            ({"first_day": str(middle)}, {"last_day": str(middle - timedelta(days=1))})
        ):
            HistoryLoad(tmp_path / "half_1", at(told), f"second_{number}", days).run()
        HistoryLoad(tmp_path / "half_0", at(told), "first").run()
        assert company.differences(expected(company, snapshot)) == ""

    def test_two_at_once_and_a_transaction_that_is_cancelled(
        self, start_company, tmp_path, told, monkeypatch
    ):
        company, snapshot = start_company(), history(told)
        company.show(replace(snapshot, orders=()))
        write(tmp_path / "export", snapshot)
        run = HistoryLoad(tmp_path / "export", at(told))
        first, second = run.months()
        original, cancelled, looked_up = Warehouse.run, [], []

        def disturbed(self, sql, what, *arguments, **options):
            if what == "load" and not cancelled:
                cancelled.append(what)
                raise ConcurrentUpdateError(
                    "Transaction is aborted due to concurrent update"
                )
            rows = original(self, sql, what, *arguments, **options)
            if what == "look up touched days":
                looked_up.append(what)
                if (
                    len(looked_up) == 2
                ):  # the other month commits between this look-up and its transaction
                    run.load(second)
            return rows

        monkeypatch.setattr(Warehouse, "run", disturbed)
        monkeypatch.setattr(load_module._load_staged.retry, "sleep", lambda _: None)
        run.load(first)

        assert len(looked_up) == 4
        assert company.differences(expected(company, snapshot)) == ""
