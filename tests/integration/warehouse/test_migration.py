"""The first days after a shop has moved: an export before them, in another channel."""

from datetime import date, timedelta

import pytest

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


@pytest.fixture
def moved(shop):
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
    return shop


def test_the_report_names_the_export_and_misses_no_forecast_of_it(moved):
    forecasts = []
    for series in ("total", "channel:old_shop"):
        forecasts.append(forecast(series, DAY, midnight(DAY)))
    moved.insert("sales_forecasts", forecasts)
    figures = moved.report(DAY)
    assert figures.quality.first_exported == FIRST
    assert figures.changes.began == ["sales_db"]
    assert figures.changes.ended == ["old_shop"]
    assert figures.expectation.without == ["AED"]
    [total] = figures.expectation.series
    assert total.series == "total"


@pytest.mark.parametrize(
    ("last", "channels"),
    [
        (MOVED - timedelta(2), {"old_shop"}),
        (DAY, {"sales_db"}),
    ],
)
def test_an_export_that_has_ended_is_no_channel_of_the_forecast(moved, last, channels):
    rows = moved.warehouse.query(
        "forecast/daily_series.sql", spec=DAILY_RUNS, first=FIRST, day=last
    )
    assert {row["name"] for row in rows if row["kind"] == "channel"} == channels
    days = [row["business_date"] for row in rows if row["kind"] == "category"]
    assert sorted(days) == [*days_of(FIRST, last)]
