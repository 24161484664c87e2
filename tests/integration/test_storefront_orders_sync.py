"""The hourly sync and the daily run end in the same tables, in whatever order they come."""

from datetime import date, timedelta

import pytest

from demo.ledger import SHOPIFY, STOREFRONT, Ledger
from ecommerce.sources import live_sources
from tests.integration.daily_run import morning_after, run_day
from tests.integration.other_runs import sync
from tests.integration.warehouse_contents import differences

pytestmark = pytest.mark.slow

DAY = date(2026, 9, 1)
SYNCED = (STOREFRONT, SHOPIFY)


def test_with_the_daily_run_in_any_order_the_tables_are_the_same(start_company):
    company = start_company()
    books = Ledger(DAY, 2, orders_per_day=40, seed=7)
    # The next day is half over.
    noon = morning_after(DAY) + timedelta(hours=6)
    company.show(books.as_of(noon))
    sync(noon)
    for minutes in (1, 3):
        sync(noon + timedelta(minutes=minutes))
        run_day(DAY, noon + timedelta(minutes=minutes + 1))
        company.assert_oracle(run_days=[DAY])
    sync(noon + timedelta(minutes=5))
    company.assert_oracle(run_days=[DAY])

    evening = noon + timedelta(hours=6)
    company.show(books.as_of(evening))
    for source in SYNCED:
        sync(evening, source)
    expected = of_synced(company.oracle().tables())
    assert differences(expected, of_synced(company.warehouse())) == ""


def of_synced(tables):
    """The orders, lines and refunds of the sources that are synced."""
    found = {}
    for name in ("orders", "order_lines", "refunds"):
        found[name] = [row for row in tables[name] if row["source"] in SYNCED]
    return found


def test_a_day_whose_daily_run_lacked_the_storefront_stays_incomplete(
    start_company, monkeypatch
):
    monkeypatch.setenv("AIRFLOW_VAR_SOURCE_POLICY", '{"storefront": "optional"}')
    company = start_company()
    company.show(Ledger(DAY, 1, orders_per_day=20, seed=7).as_of(morning_after(DAY)))
    run_day(
        DAY,
        sources=[source for source in live_sources() if source != STOREFRONT],
    )
    sync(morning_after(DAY) + timedelta(hours=1))
    days = {row["business_date"]: row for row in company.rows("daily_summary")}
    assert days[DAY]["missing_sources"] == [STOREFRONT]
    assert not days[DAY]["complete"]
