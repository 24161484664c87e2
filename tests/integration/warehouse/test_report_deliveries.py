"""Deliveries of reports, and what a report shows about delivered files."""

from datetime import date, timedelta

import pytest

from ecommerce.core.errors import TransientError
from ecommerce.sales import delivery_log
from ecommerce.storage.staging import DagRun
from ecommerce.warehouse.staging_tables import HISTORY
from tests.explained import findings
from tests.integration.warehouse.conftest import MONDAY
from tests.integration.warehouse.loadable import Folder, Order, at
from tests.settings import lower


def test_an_export_is_named_by_the_reports_of_the_day_it_was_loaded_on_and_the_one_before(
    shop,
):
    old = Order("1", "2024-05-06 15:00", source="old_shop")
    rejected = [
        {"reason": "negative_price"},
        {"reason": "invalid_quantity"},
        {"reason": "invalid_quantity"},
    ]
    loaded = at("2026-03-03 07:00")  # in New York it is Tuesday
    export = Folder(
        [old],
        source="old_shop",
        read_at=loaded,
        rejected=rejected,
    )
    shop.load(
        export,
        day=date(2024, 5, 6),
        run_id="manual__export",
        dag_id="history",
        status=HISTORY,
    )

    def warnings(day):
        return findings(shop.quality(day).warnings)

    sentence = (
        "old_shop: the run manual__export loaded an export of 1 order; 3 of its 5 rows were rejected "
        "(invalid_quantity 2, negative_price 1)"
    )
    assert [warnings(MONDAY + timedelta(days=days)) for days in (-1, 0, 1, 2)] == [
        [],
        [sentence],
        [sentence],
        [],
    ]
    sources = shop.quality(date(2024, 5, 6)).sources
    assert [(each.source, each.orders_loaded) for each in sources] == [("old_shop", 1)]
    shop.undone("old_shop", date(2024, 5, 6))
    assert warnings(MONDAY) == []


def test_of_two_runs_one_mails_the_report(shop, monkeypatch):
    """A day has one first mail: other figures wait, and are a correction, which is mailed on request. One
    warehouse: what the rows of one case leave is where the next one begins."""
    lower(monkeypatch, delivery_log, LOOK_SECONDS=0)
    now = at("2026-03-03 11:00")

    def claim_as(run_id, figures_hash="figures", **options):
        run = DagRun("daily_sales_pipeline", run_id)
        return delivery_log.claim(
            MONDAY,
            figures_hash,
            "<id@x>",
            now,
            run,
            **options,
        )

    assert claim_as("dead", only_first=True) == "<id@x>"
    # The run died: its lease ends. A claim of an older version has none.
    for until, run_id in (("NULL", "other"), ("CURRENT_TIMESTAMP()", "scheduled")):
        shop.sql(
            f"UPDATE sales.report_deliveries SET claimed_until = {until} WHERE TRUE"
        )
        assert claim_as(run_id, only_first=True) == "<id@x>"
    [row] = delivery_log.deliveries(MONDAY)
    assert row["message_id"] == "<id@x>"
    for figures_hash in ("figures", "others"):
        for only_first in (True, False):
            with pytest.raises(
                TransientError, match="daily_sales_pipeline/scheduled is mailing the"
            ):
                claim_as("manual", figures_hash, only_first=only_first)
    # The next attempt of a run that was killed after its claim.
    assert claim_as("scheduled", only_first=True) == "<id@x>"
    delivery_log.mark_sent(MONDAY, "figures")
    # It had looked whether the day was mailed before that.
    with pytest.raises(TransientError, match="has just mailed the report"):
        claim_as("manual", "others", only_first=True)
    assert claim_as("scheduled", only_first=True) == ""
    assert claim_as("manual") == ""
    assert claim_as("manual", "others") == "<id@x>"
    # Of other figures, too, a claim without a lease can be claimed.
    shop.sql("UPDATE sales.report_deliveries SET claimed_until = NULL WHERE TRUE")
    assert claim_as("later", "corrected") == "<id@x>"
