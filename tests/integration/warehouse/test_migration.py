"""The first days after a shop has moved: an export before them, without returns and in another channel."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from ecommerce.core.text import MINUS
from ecommerce.forecast.loading import DAILY_RUNS
from ecommerce.sales.report.texts.headline import averaged_days_of
from tests.integration.warehouse.loadable import (
    daily_sales,
    daily_summary,
    forecast,
    midnight,
)
from tests.oracle_comparisons import days_of

DAY = date(2026, 3, 5)
FIRST, MOVED = DAY - timedelta(40), DAY - timedelta(2)
"""Of the export; the first daily run."""


@pytest.fixture
def moved(shop):
    """The old shop sold 1,000.00 in dollars and 100.00 in dirhams on each day. The new one sells as much, and
    100.00 are returned; on the day itself dirhams have no exchange rate."""
    sales = []
    summaries = []
    for day in days_of(FIRST, DAY):
        source, returns = ("old_shop", 0) if day < MOVED else ("sales_db", 100)
        sales.append(daily_sales(day, source, 1000, returns=returns))
        dirhams = daily_sales(day, source, 100, currency="AED")
        gross = 1100
        if day == DAY:
            gross = 1000
            for name in dirhams:
                if name.endswith("_reporting"):
                    dirhams[name] = None
        sales.append(dirhams)
        row = daily_summary(
            day,
            gross,
            returns=returns,
            orders=10,
            customers=9,
        )
        summaries.append(row)
    shop.insert("daily_sales", sales)
    shop.insert("daily_summary", summaries)
    shop.exported("old_shop", FIRST, MOVED - timedelta(1))
    shop.ran(days_of(MOVED, DAY))
    return shop


def test_a_migration_is_a_change_of_channels_and_no_unusual_rate(moved):
    forecasts = [
        forecast(
            series,
            DAY,
            midnight(DAY),
            forecast=1000,
            upper_80=2000,
        )
        for series in ("total", "channel:old_shop")
    ]
    moved.insert("sales_forecasts", forecasts)
    figures = moved.report(DAY)

    for figure in ("returns", "return_rate"):
        assert averaged_days_of(figures, figure) == 2
    assert figures.quality.first_exported == FIRST

    changes = figures.changes
    assert changes.before == 1000
    assert changes.now == 900
    assert changes.unconverted == ["AED"]
    assert changes.began == ["sales_db"]
    assert changes.ended == ["old_shop"]
    assert figures.expectation.without == ["AED"]
    # An export that has ended misses no forecast.
    [total] = figures.expectation.series
    assert round(total.forecast, 2) == Decimal("909.09")
    words = figures.summary.sentences[1]
    for part in (f"Old shop ({MINUS}1,000)", "Sales database (+900)"):
        assert part in words


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
