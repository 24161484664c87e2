"""The first days after a shop has moved: an export before them, in another channel."""

from datetime import date, timedelta

from ecommerce.forecast.loading import DAILY_RUNS
from tests.integration.warehouse.loadable import (
    daily_sales,
    daily_summary,
    forecast,
    midnight,
    sales_figures,
)
from tests.oracle_comparisons import days_of

DAY = date(2026, 3, 5)
FIRST, MOVED = DAY - timedelta(40), DAY - timedelta(2)
"""Of the export; the first daily run."""


def test_an_export_is_named_and_no_channel_of_forecasts_after_its_end(shop):
    """The old shop sold 1,000.00 on each day, and the new one since; on the day itself also in dirhams, which
    have no exchange rate."""
    sales = []
    for day in days_of(FIRST, DAY):
        source = "old_shop" if day < MOVED else "sales_db"
        sales.append(daily_sales(day, source, 1000))
    without_rate = dict.fromkeys(f"{name}_reporting" for name in sales_figures(0, 0, 0))
    sales.append(
        daily_sales(
            DAY,
            source,
            100,
            currency="AED",
            **without_rate,
        )
    )
    shop.insert("daily_sales", sales)
    summaries = [daily_summary(day, 1000) for day in days_of(FIRST, DAY)]
    shop.insert("daily_summary", summaries)
    shop.exported("old_shop", FIRST, MOVED - timedelta(1))
    shop.ran(days_of(MOVED, DAY))
    forecasts = []
    for series in ("total", "channel:old_shop"):
        forecasts.append(forecast(series, DAY, midnight(DAY)))
    shop.insert("sales_forecasts", forecasts)
    figures = shop.report(DAY)
    assert figures.quality.first_exported == FIRST
    assert figures.changes.began == ["sales_db"]
    assert figures.changes.ended == ["old_shop"]
    assert figures.expectation.without == ["AED"]
    [total] = figures.expectation.series
    assert total.series == "total"
    # An export that has ended is no channel of the forecast.
    for last, channel in ((MOVED - timedelta(2), "old_shop"), (DAY, "sales_db")):
        rows = shop.warehouse.query(
            "forecast/daily_series.sql", spec=DAILY_RUNS, first=FIRST, day=last
        )
        channels = [row["name"] for row in rows if row["kind"] == "channel"]
        assert set(channels) == {channel}
        days = [row["business_date"] for row in rows if row["kind"] == "category"]
        assert sorted(days) == [*days_of(FIRST, last)]
