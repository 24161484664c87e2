"""An export that is taken back leaves the tables as if it had never been loaded."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from ecommerce.core.errors import ConfigurationError, PipelineError, TransientError
from ecommerce.sales import delivery
from ecommerce.sales.history import undo as undoing
from ecommerce.sales.history.undo import day_batches, undo
from ecommerce.sources import LIVE, SOURCES
from ecommerce.warehouse.staging_tables import HISTORY
from tests.integration.warehouse.conftest import MONDAY, STATE, Shop
from tests.integration.warehouse.loadable import Folder, Order, at

pytestmark = pytest.mark.slow

TUESDAY = date(2026, 3, 3)
FIRST = date(2024, 5, 6)
OWNED = tuple(table for table in STATE if table != "customers")
"""The tables whose rows belong to sources or days."""

BEFORE = Order("1", at("2026-03-02 15:00"), customer="ann", source="sales_db")
EXPORT = Folder(
    [
        Order("1", at("2024-05-06 15:00"), customer="ann", source="old_shop"),
        Order(
            "2",
            at("2026-03-02 16:00"),
            customer="ann",
            source="old_shop",
            lines=[("Toys", "1", "120.00")],
        ),
        Order(
            *("3", at("2025-01-01 15:00")),
            refunds=[("R", at("2025-02-01 15:00"), "4.00")],
            customer="bob",
            source="old_shop",
        ),
    ],
    source="old_shop",
    read_at=at("2024-01-01 00:00"),  # the files are older than any of the loads
    rejected=[{"reason": "malformed_line", "raw": "x"}],
)


@pytest.fixture(autouse=True)
def _staging(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STAGING_URI", f"file://{tmp_path}/staging")


def load_export(
    shop: Shop, export: Folder = EXPORT, run_id: str = "manual__export"
) -> None:
    shop.load(
        export, day=FIRST, run_id=run_id, dag_id="sales_history_load", status=HISTORY
    )


OTHERS = [source for source in SOURCES if source != "sales_db"]
"""A daily run has an audit row of every source."""


def live_days(shop: Shop) -> None:
    shop.load(Folder([BEFORE]), off_sources=OTHERS)
    again = replace(
        BEFORE, order_id="2", ordered_at=at("2026-03-03 15:00"), customer="bob"
    )
    later = Folder([again], read_at=at("2026-03-04 11:00"))
    shop.load(later, day=TUESDAY, run_id="later", off_sources=OTHERS)


def test_what_other_runs_loaded_before_and_after_it_stays(
    second_shop: Shop,
    shop: Shop,
    tmp_path: Path,  # the last one is the environment's
):
    live_days(second_shop)
    shop.load(Folder([BEFORE]), off_sources=OTHERS)
    load_export(shop)
    live_days(shop)
    assert shop.state(OWNED) != second_shop.state(OWNED)

    assert undo("old_shop") == 3

    assert shop.state() == second_shop.state(), (
        "summaries, new customers and tombstones too"
    )
    assert shop.rows("rejected_rows") == []
    audits = [row for row in shop.rows("load_audit") if row["source"] == "old_shop"]
    assert {row["status"] for row in audits} == {"history"}
    assert len({row["run_id"] for row in audits}) == 2, (
        "that it was loaded, and that it was taken back"
    )
    assert not list((tmp_path / "staging").rglob("*.parquet"))


def test_a_mailed_day_is_restated(shop: Shop):
    load_export(shop)
    shop.load(Folder([BEFORE]))
    delivery.claim_delivery(MONDAY, "hash", "<report@example.com>", datetime.now(UTC))
    delivery.mark_delivered(MONDAY, "hash")

    undo("old_shop")

    changes = {
        row["figure"]: (row["old"], row["new"])
        for row in shop.rows("report_restatements")
    }
    assert changes.keys() == {
        *("orders", "units", "average_order_value", "gross_sales", "net_sales"),
        *("new_customers", "returning_customers"),
    }, "whose first order was in the export is new with the next one"
    assert changes["gross_sales"] == (130, 10)
    assert {
        row["reason"].partition("__old_shop__")[0]
        for row in shop.rows("report_restatements")
    } == {
        "late or changed orders from old_shop, run undo",
        "first orders of customers, run undo",  # of the month before
    }


def test_twice_changes_nothing_and_the_same_export_can_be_loaded_again(shop: Shop):
    load_export(shop)
    loaded = shop.state()

    undo("old_shop")
    undone, audits = shop.state(), shop.rows("load_audit")
    assert not any(undone[table] for table in OWNED), "nothing is remembered as removed"
    assert undo("old_shop") == 0
    assert (shop.state(), shop.rows("load_audit")) == (undone, audits)

    load_export(shop, run_id="manual__again")
    assert shop.state() == loaded
    load_export(shop, replace(EXPORT, orders=[], rejected=[]), run_id="manual__nothing")
    assert undo("old_shop") == 3


def test_interrupted_it_goes_on_where_it_stopped(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    load_export(shop)
    original, loads = undoing.load_manifest, []

    def dying(spec, run, manifest, **options):
        loads.append(manifest.business_date)
        if len(loads) == 2:
            raise TransientError("the line is cut")
        return original(spec, run, manifest, **options)

    monkeypatch.setattr(undoing, "load_manifest", dying)
    with pytest.raises(TransientError):
        undo("old_shop")
    assert [row["order_id"] for row in shop.rows("orders", "order_id")] == ["1", "3"]

    assert undo("old_shop") == 2
    # The newest month first; the order of January goes with its refund of February.
    assert loads[:2] == [date(2026, 3, 2), date(2025, 2, 1)]
    assert not any(shop.state(OWNED).values())


def test_an_export_that_is_loaded_meanwhile_is_noticed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    load_export(shop)
    original = undoing.load_manifest

    def followed(spec, run, manifest, **options):
        result = original(spec, run, manifest, **options)
        load_export(shop, run_id="manual__meanwhile")
        return result

    monkeypatch.setattr(undoing, "load_manifest", followed)
    with pytest.raises(PipelineError, match="loaded during the undo: wait for the end"):
        undo("old_shop")


def test_names_that_cannot_be_taken_back(shop: Shop):
    with pytest.raises(
        ConfigurationError,
        match=r"no export .* the name 'old_shop'; names of exports: none",
    ):
        undo("old_shop")
    load_export(shop)
    shop.load(Folder([BEFORE]))

    with pytest.raises(
        ConfigurationError, match=r"the name 'old'; names of exports: old_shop$"
    ):
        undo("old")
    for source in LIVE:
        with pytest.raises(ConfigurationError, match=f"^{source} is a live source"):
            undo(source)
    assert len(shop.rows("orders")) == 4


def test_files_dated_in_the_future_are_no_newer_than_their_removal(shop: Shop):
    load_export(shop, replace(EXPORT, read_at=datetime.now(UTC) + timedelta(days=1)))

    assert undo("old_shop") == 3
    assert shop.rows("orders") == []


def test_one_load_removes_a_month_and_not_many_orders(monkeypatch: pytest.MonkeyPatch):
    newest = date(2026, 3, 2)
    stored = [
        {"business_date": newest - timedelta(days=3 * n), "orders": 100}
        for n in range(2000)
    ]

    batches = list(day_batches(stored))
    assert [day for batch in batches for day in batch] == [
        row["business_date"] for row in stored
    ]
    assert all(len({(day.year, day.month) for day in batch}) == 1 for batch in batches)
    monkeypatch.setattr(undoing, "MOST_ORDERS", 250)
    assert {len(batch) for batch in day_batches(stored)} == {1, 2}
    monkeypatch.setattr(undoing, "MOST_ORDERS", 50)
    assert {len(batch) for batch in day_batches(stored)} == {1}
