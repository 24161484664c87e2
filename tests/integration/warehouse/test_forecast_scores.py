"""What the forecast's report reads of forecasts: its rows, and their accuracy against plain Python."""

import random
from datetime import date
from decimal import Decimal
from itertools import product

import pytest

from ecommerce.core.business_day import day_window
from tests.integration.warehouse.test_forecast_comparisons import (
    FORECAST_COLUMNS,
    SUMMARY_COLUMNS,
)
from tests.oracle_forecasts import BOUNDS, ONE_DAY, scores

AS_OF = date(2026, 11, 16)
FIRST = AS_OF - 56 * ONE_DAY
YESTERDAY = AS_OF - ONE_DAY
LAST = AS_OF + 27 * ONE_DAY
SERIES = (
    "channel:web",
    "category:Toys",
    "category:Cups",
    "sku:toys-1",
    "sku:cups-1",
    "total",
)
COLUMNS = f"{FORECAST_COLUMNS}, actual"


def begins_at(day):
    return day_window(day, "America/New_York").start


def forecast(series, day, made_on, amount, actual=None):
    """A forecast with intervals of 10 and 20 to either side; none on a closed day."""
    values = [amount, amount - 10, amount + 10, amount - 20, amount + 20]
    if not amount:
        values = [0] * 5
    names = ("forecast", *BOUNDS[:1], "upper_80", "lower_95", "upper_95")
    row = dict(zip(names, map(Decimal, values), strict=True))
    return row | {
        "series": series,
        "target_date": day,
        "made_on": made_on,
        "actual": actual,
    }


def store(shop, forecasts, complete):
    """Insert forecasts, and the days FIRST to YESTERDAY."""
    rows = []
    for row in forecasts:
        key = f"'{row['series']}', '{row['target_date']}', 'm', '{begins_at(row['made_on']).isoformat()}'"
        amounts = [str(row[name]) for name in ("forecast", *BOUNDS)]
        actual = "NULL" if row["actual"] is None else row["actual"]
        rows.append(f"({key}, {', '.join(amounts)}, 'run', {actual})")
    shop.insert("sales_forecasts", COLUMNS, rows)
    rows = []
    for number in range(56):
        day = FIRST + number * ONE_DAY
        zeros = ", ".join(["0"] * 11)
        rows.append(f"('{day}', {zeros}, {day in complete})")
    shop.insert("daily_summary", SUMMARY_COLUMNS, rows)


def read_scores(shop, first=FIRST, last=YESTERDAY):
    return shop.warehouse.query("forecast/scores.sql", first=first, day=last)


def test_random_forecasts_have_the_scores_of_plain_python(shop):
    chance = random.Random(3)
    complete = set()
    in_force = []
    older = []
    for number, series in product(range(56), SERIES):
        day = FIRST + number * ONE_DAY
        monday = day - day.weekday() * ONE_DAY
        if day.day % 13:
            complete.add(day)
        amount = chance.choice([0, 100, Decimal("99.5")])
        actual = chance.choice([None, 0, amount, amount + 10, amount - 20, 300])
        if actual is None and chance.random() < 0.9:
            actual = Decimal(chance.randint(800_000, 1_200_000)).scaleb(-4)
        in_force.append(forecast(series, day, monday, amount, actual))
        older.append(forecast(series, day, monday - 7 * ONE_DAY, 5000, actual))
    store(shop, in_force + older, complete)
    found = read_scores(shop)
    assert found == scores(in_force, complete)
    assert min(score["periods"] for score in found) > 5
    recent = {day for day in complete if day >= AS_OF - 28 * ONE_DAY}
    assert read_scores(shop, AS_OF - 28 * ONE_DAY) == scores(in_force, recent)


def test_without_forecasts_all_scores_are_empty(shop):
    assert read_scores(shop) == scores([], set())


@pytest.mark.parametrize(
    ("actuals", "expected"),
    [
        # A day on the bound of its interval lies in it.
        ([110, 90, Decimal("110.0001")], ("0.096774", "0.666667", "1")),
        ([Decimal("120.0001")], ("0.166667", "0", "0")),
    ],
)
def test_the_bounds_belong_to_the_interval(shop, actuals, expected):
    forecasts = []
    for number, actual in enumerate(actuals):
        day = FIRST + number * ONE_DAY
        forecasts.append(forecast("total", day, day, 100, actual))
    store(shop, forecasts, {row["target_date"] for row in forecasts})
    total = read_scores(shop)[0]
    found = (total["error"], total["covered_80"], total["covered_95"])
    assert found == tuple(map(Decimal, expected))


def test_a_closed_day_is_in_the_error_and_in_no_interval(shop):
    closed = forecast("total", FIRST, FIRST, 0, 0)
    store(shop, [closed], {FIRST})
    total = read_scores(shop)[0]
    assert (total["periods"], total["error"], total["covered_80"]) == (1, None, None)


def test_products_are_scored_by_whole_weeks(shop):
    """One piece is sold a week, on a day that cannot be known."""
    forecasts = []
    for number in range(7):
        day = FIRST + number * ONE_DAY
        sold = 70 if number == 3 else 0
        forecasts.append(forecast("sku:A", day, FIRST, 10, sold))
        forecasts.append(forecast("sku:B", day + 7 * ONE_DAY, FIRST, 10, 5))
        if number < 6:
            forecasts.append(forecast("sku:A", day + 7 * ONE_DAY, FIRST, 10, 0))
    store(shop, forecasts, {row["target_date"] for row in forecasts})
    score = read_scores(shop)[3]
    assert (score["series"], score["periods"]) == (2, 2)
    assert (score["forecast"], score["actual"]) == (140, 105)
    assert score["error"] == Decimal("0.333333"), "(0 + 35) / 105"
    assert score["covered_80"] is None


def coming_days(shop):
    rows = shop.warehouse.query(
        "forecast/coming_days.sql",
        parameters={"begins_at": begins_at(AS_OF)},
        first=AS_OF,
        last=LAST,
    )
    return [(row["series"], row["target_date"], row["forecast"]) for row in rows]


def test_the_report_reads_its_own_forecast(shop):
    forecasts = [
        forecast("channel:web", AS_OF, AS_OF, 5),
        forecast("channel:web", AS_OF + ONE_DAY, AS_OF, 0),
        # Without this run's forecast, an older one does not take its place.
        forecast("total", LAST, YESTERDAY, 4),
        # A later forecast does not count.
        forecast("channel:web", AS_OF + ONE_DAY, AS_OF + ONE_DAY, 6),
        # Nothing is expected to sell.
        forecast("channel:old", AS_OF, AS_OF, 0),
    ]
    store(shop, forecasts, set())
    expected = [
        ("channel:web", AS_OF, 5),
        ("channel:web", AS_OF + ONE_DAY, 0),
    ]
    assert coming_days(shop) == expected


def test_the_total_is_read_first_also_where_nothing_is_expected_to_sell(shop):
    forecasts = [
        forecast("sku:a", AS_OF, AS_OF, 5),
        forecast("total", AS_OF, AS_OF, 0),
        forecast("category:Toys", AS_OF, AS_OF, 7),
    ]
    store(shop, forecasts, set())
    assert [row[0] for row in coming_days(shop)] == ["total", "category:Toys", "sku:a"]


def test_past_days_have_the_forecasts_of_the_whole_shop_in_force(shop):
    older = AS_OF - 7 * ONE_DAY
    forecasts = [
        forecast("total", YESTERDAY, AS_OF - 14 * ONE_DAY, 1),
        forecast("total", YESTERDAY, older, 2),
        forecast("channel:web", YESTERDAY, older, 3),
        forecast("total", AS_OF, older, 4),
    ]
    store(shop, forecasts, set())
    path = "forecast/past_days.sql"
    rows = shop.warehouse.query(path, first=FIRST, day=YESTERDAY)
    assert [(row["target_date"], row["forecast"]) for row in rows] == [(YESTERDAY, 2)]
