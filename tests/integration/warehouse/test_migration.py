"""The first days after a shop has moved: an export before them, without returns and in another channel."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from ecommerce.core.text import MINUS
from ecommerce.forecast.loading import DAILY_RUNS
from ecommerce.sales.report.texts.headline import averaged_days_of
from tests.oracle_comparisons import days_of

DAY = date(2026, 3, 5)
FIRST, MOVED = DAY - timedelta(40), DAY - timedelta(2)
"""Of the export; the first daily run."""
D = Decimal
AUDIT = "business_date, source, run_id, status, read_at, window_start, window_end"


@pytest.fixture
def moved(shop):
    """The old shop sold 1,000.00 in dollars and 100.00 in dirhams on each day. The new one sells as much, and
    100.00 come back; on the day itself dirhams have no exchange rate."""
    sales, summaries = [], []
    for day in days_of(FIRST, DAY):
        is_old = day < MOVED
        source, returns = ("old_shop", 0) if is_old else ("sales_db", 100)
        named = f"'{day}', '{source}', '{source}', 'Kitchen', 'AE'"
        aed = "NULL, NULL, NULL, NULL" if day == DAY else "100, 0, 0, 100"
        amounts = f"1000, 0, {returns}, {1000 - returns}"
        sales.append(f"({named}, 'USD', 9, 9, {amounts}, {amounts})")
        sales.append(f"({named}, 'AED', 1, 1, 367, 0, 0, 367, {aed})")
        gross = 1000 if day == DAY else 1100
        summaries.append(
            f"('{day}', 10, 10, 9, {gross}, 0, {returns}, {gross - returns}, 0, 0, 100, 1, 0, TRUE)"
        )
    shop.insert(
        "daily_sales",
        "business_date, source, channel, category, country_code, currency, order_lines, units, gross_sales, "
        "discounts, returns, net_sales, gross_sales_reporting, discounts_reporting, returns_reporting, "
        "net_sales_reporting",
        sales,
    )
    shop.insert(
        "daily_summary",
        "business_date, orders, units, customers, gross_sales, discounts, returns, net_sales, tax, shipping, "
        "average_order_value, new_customers, unconverted_orders, complete",
        summaries,
    )
    window = f"'{FIRST} 05:00:00+00', '{MOVED} 05:00:00+00'"
    export = f"('{FIRST}', 'old_shop', 'export', 'history', '2026-03-03 12:00:00+00', {window})"
    shop.insert("load_audit", AUDIT, [export])
    shop.ran(days_of(MOVED, DAY))
    return shop


def test_a_migration_is_a_change_of_channels_and_no_unusual_rate(moved):
    bounds = "1000, 900, 1100, 800, 1200"
    moved.insert(
        "sales_forecasts",
        "series, target_date, model, made_at, forecast, lower_80, upper_80, lower_95, upper_95, run_id",
        [
            f"('{series}', '{DAY}', 'blend', '{DAY} 05:00:00+00', {bounds}, 'f')"
            for series in ("total", "channel:old_shop")
        ],
    )
    figures = moved.report(DAY)

    rate = figures.rates["return_rate"]
    assert (rate.value, rate.day_before, rate.week_before) == (
        D("0.1"),
        D("0.090909"),
        None,
    )
    assert round(rate.average or D(0), 4) == D(
        "0.0909"
    )  # of the two days since, 200 of 2,200
    for figure in ("returns", "return_rate"):
        assert averaged_days_of(figures, figure) == 2
    returns = figures.headline["returns"]
    assert (returns.average, returns.week_before) == (
        100,
        None,
    )  # not of the days of the export
    assert (
        figures.rates["discount_rate"].week_before is None
    )  # the export has no discounts either

    assert figures.quality.first_exported == FIRST

    changes = figures.changes
    assert changes
    assert (changes.before, changes.now, changes.unconverted) == (1000, 900, ["AED"])
    assert (changes.began, changes.ended) == (["sales_db"], ["old_shop"])
    assert figures.expectation
    assert figures.expectation.without == ["AED"]
    (total,) = figures.expectation.series  # an export that has ended misses no forecast
    assert round(total.forecast, 2) == D("909.09")
    words = figures.summary.sentences[1]
    for part in (f"Old shop ({MINUS}1,000)", "Sales database (+900)"):
        assert part in words


@pytest.mark.parametrize(
    ("last", "channels"), [(MOVED - timedelta(2), {"old_shop"}), (DAY, {"sales_db"})]
)
def test_an_export_that_has_ended_is_no_channel_of_the_forecast(moved, last, channels):
    rows = moved.warehouse.query(
        "forecast/daily_series.sql", spec=DAILY_RUNS, first=FIRST, day=last
    )
    assert {row["name"] for row in rows if row["kind"] == "channel"} == channels
    days = [row["business_date"] for row in rows if row["kind"] == "category"]
    assert sorted(days) == [*days_of(FIRST, last)]
