"""An export that is taken back leaves the tables as if it had never been loaded."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest

from ecommerce.core.errors import ConfigurationError, PipelineError, TransientError
from ecommerce.sales.history import tasks
from ecommerce.sales.history import undo as undoing
from ecommerce.sales.history.undo import undo
from ecommerce.sources import live_sources, reserved_names
from ecommerce.storage.plain import to_plain
from tests.integration.warehouse.conftest import MONDAY, STATE, send_mail
from tests.integration.warehouse.loadable import Folder, Order, read_folders
from tests.rows import column_of

TUESDAY = date(2026, 3, 3)
FIRST = date(2024, 5, 6)
OWNED = tuple(table for table in STATE if table != "customers")
"""The tables whose rows belong to sources or days."""
BEFORE = Order(
    "1",
    "2026-03-02 15:00",
    customer="ann",
    source="sales_db",
)
[EXPORT] = read_folders("undo_history.yaml")["export"]
"""Its files are older than any of the loads."""
OTHERS = [source for source in live_sources() if source != "sales_db"]
"""A daily run has an audit row of every source."""


@pytest.fixture(autouse=True)
def _staging(monkeypatch, tmp_path):
    monkeypatch.setenv("STAGING_URI", f"file://{tmp_path}/staging")


def load_export(shop, export=EXPORT, run_id="manual__export"):
    manifest = to_plain(export.publish(shop.folder, FIRST, run_id))
    dag_run = SimpleNamespace(dag_id="sales_history_load")
    tasks.load.function(
        manifest,
        dag_run=dag_run,
        run_id=run_id,
    )


def next_day(shop):
    again = replace(
        BEFORE,
        order_id="2",
        ordered_at="2026-03-03 15:00",
        customer="bob",
    )
    later = Folder([again], read_at="2026-03-04 11:00")
    shop.load(
        later,
        day=TUESDAY,
        run_id="later",
        off_sources=OTHERS,
    )


def test_what_other_runs_loaded_before_and_after_it_stays_and_a_mailed_day_is_restated(
    second_shop,
    shop,
    tmp_path,  # the last one is the environment's
):
    monday = Folder([BEFORE], rejected=[{"reason": "missing_value"}])
    for each in (second_shop, shop):
        each.load(monday, off_sources=OTHERS)
    next_day(second_shop)
    # Files dated in the future are no newer than their removal.
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    load_export(shop, replace(EXPORT, read_at=tomorrow))
    next_day(shop)
    assert shop.state(OWNED) != second_shop.state(OWNED)
    send_mail(MONDAY)

    assert undo("old_shop") == 3

    assert shop.state() == second_shop.state(), (
        "summaries, new customers and tombstones too"
    )
    assert column_of(shop.rows("rejected_rows"), "source") == ["sales_db"]
    audits = [row for row in shop.rows("load_audit") if row["source"] == "old_shop"]
    assert set(column_of(audits, "status")) == {"history"}
    assert {row["run_id"].partition("__")[0] for row in audits} == {"manual", "undo"}
    assert not list((tmp_path / "staging").rglob("*.parquet"))
    restated = shop.rows("report_restatements")
    changes = {row["figure"]: (row["old"], row["new"]) for row in restated}
    assert changes.keys() == {
        *("orders", "units", "average_order_value", "gross_sales", "net_sales"),
        *("new_customers", "returning_customers"),
    }, "whose first order was in the export is new with the next one"
    assert changes["gross_sales"] == (130, 10)
    assert {row["reason"].partition("__old_shop__")[0] for row in restated} == {
        "late or changed orders from old_shop, run undo",
        "first orders of customers, run undo",  # of the month before
    }
    assert undo("old_shop") == 0
    assert shop.state() == second_shop.state()


@pytest.mark.slow
def test_interrupted_it_goes_on_where_it_stopped_and_the_export_can_be_loaded_again(
    shop, monkeypatch
):
    two_months = replace(EXPORT, orders=EXPORT.orders[::2])
    load_export(shop, two_months)
    loaded = shop.state()
    original = undoing.load_manifest
    loads = []

    def dying(spec, run, manifest, **options):
        loads.append(manifest.business_date)
        if len(loads) == 2:
            raise TransientError("the line is cut")
        return original(
            spec,
            run,
            manifest,
            **options,
        )

    with monkeypatch.context() as patch:
        patch.setattr(undoing, "load_manifest", dying)
        with pytest.raises(TransientError):
            undo("old_shop")
    assert column_of(shop.rows("orders", "order_id"), "order_id") == ["1"]
    # The newest month first; the order of January goes with its refund of February.
    assert loads == [
        date(2025, 2, 1),
        date(2025, 1, 1),
    ]

    assert undo("old_shop") == 1
    assert not any(shop.state(OWNED).values()), "nothing is remembered as removed"

    load_export(shop, two_months, run_id="manual__again")
    assert shop.state() == loaded

    def followed(spec, run, manifest, **options):
        result = original(
            spec,
            run,
            manifest,
            **options,
        )
        if manifest.business_date == FIRST:  # of the last load
            load_export(shop, two_months, run_id="manual__meanwhile")
        return result

    monkeypatch.setattr(undoing, "load_manifest", followed)
    with pytest.raises(PipelineError, match="loaded during the undo: wait for the end"):
        undo("old_shop")


def test_names_that_cannot_be_taken_back(shop):
    with pytest.raises(
        ConfigurationError,
        match=r"no export .* the name 'old_shop'; names of exports: none",
    ):
        undo("old_shop")
    load_export(shop)
    with pytest.raises(
        ConfigurationError, match=r"the name 'old'; names of exports: old_shop$"
    ):
        undo("old")
    for source in reserved_names():
        with pytest.raises(ConfigurationError, match=f"under the name '{source}'"):
            undo(source)
    assert len(shop.rows("orders")) == 3
