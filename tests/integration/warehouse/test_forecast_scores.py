"""What the forecast's report reads of forecasts: its rows, and their accuracy against plain Python."""

import random
from datetime import date
from decimal import Decimal
from itertools import product

from tests.integration.warehouse.loadable import daily_summary, forecast, midnight
from tests.oracle_forecasts import ONE_DAY, scores
from tests.rows import columns_of

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


def made(series, day, made_on, amount, actual=None):
    """A forecast with intervals of 10 and 20 to either side; none on a closed day."""
    amount = Decimal(amount)
    is_open = bool(amount)
    return forecast(
        series,
        day,
        midnight(made_on),
        forecast=amount,
        lower_80=amount - 10 * is_open,
        upper_80=amount + 10 * is_open,
        lower_95=amount - 20 * is_open,
        upper_95=amount + 20 * is_open,
        actual=actual,
    )


def read_scores(shop, first=FIRST):
    return shop.warehouse.query(
        "forecast/scores.sql",
        first=first,
        day=YESTERDAY,
    )


def test_random_forecasts_have_the_scores_of_plain_python(shop):
    assert read_scores(shop) == scores([], set())
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
        # A day on the bound of its interval lies in it.
        near = [amount + 10, amount + Decimal("10.0001"), amount - 20, amount - 21]
        actual = chance.choice([None, 0, amount, *near, 300])
        if actual is None and chance.random() < 0.9:
            actual = Decimal(chance.randint(800_000, 1_200_000)).scaleb(-4)
        in_force.append(
            made(
                series,
                day,
                monday,
                amount,
                actual,
            )
        )
        older.append(
            made(
                series,
                day,
                monday - 7 * ONE_DAY,
                5000,
                actual,
            )
        )
    shop.insert("sales_forecasts", in_force + older)
    days = [FIRST + number * ONE_DAY for number in range(56)]
    summaries = [daily_summary(day, 0, complete=day in complete) for day in days]
    shop.insert("daily_summary", summaries)

    found = read_scores(shop)
    assert found == scores(in_force, complete)
    assert min(score["periods"] for score in found) > 5
    recent = {day for day in complete if day >= AS_OF - 28 * ONE_DAY}
    assert read_scores(shop, AS_OF - 28 * ONE_DAY) == scores(in_force, recent)


def coming_days(shop, *forecasts):
    """The rows of the report whose forecast begins on `AS_OF`."""
    shop.insert("sales_forecasts", forecasts)
    rows = shop.warehouse.query(
        "forecast/coming_days.sql",
        parameters={"begins_at": midnight(AS_OF)},
        first=AS_OF,
        last=LAST,
    )
    return columns_of(
        rows,
        "series",
        "target_date",
        "forecast",
    )


def test_the_report_reads_its_own_forecast_the_total_first(shop):
    tomorrow = AS_OF + ONE_DAY
    rows = coming_days(
        shop,
        made(
            "sku:a",
            AS_OF,
            AS_OF,
            5,
        ),
        # The total also where nothing is expected to sell.
        made(
            "total",
            AS_OF,
            AS_OF,
            0,
        ),
        made(
            "category:Toys",
            AS_OF,
            AS_OF,
            7,
        ),
        made(
            "channel:web",
            AS_OF,
            AS_OF,
            5,
        ),
        made(
            "channel:web",
            tomorrow,
            AS_OF,
            0,
        ),
        # Without this run's forecast, an older one does not take its place.
        made(
            "total",
            LAST,
            YESTERDAY,
            4,
        ),
        # A later forecast does not count.
        made(
            "channel:web",
            tomorrow,
            tomorrow,
            6,
        ),
        # Nothing is expected to sell.
        made(
            "channel:old",
            AS_OF,
            AS_OF,
            0,
        ),
    )
    assert rows == [
        ("total", AS_OF, 0),
        ("category:Toys", AS_OF, 7),
        ("channel:web", AS_OF, 5),
        ("channel:web", tomorrow, 0),
        ("sku:a", AS_OF, 5),
    ]


def test_past_days_have_the_forecasts_of_the_whole_shop_in_force(shop):
    older = AS_OF - 7 * ONE_DAY
    forecasts = [
        made(
            "total",
            YESTERDAY,
            AS_OF - 14 * ONE_DAY,
            1,
        ),
        made(
            "total",
            YESTERDAY,
            older,
            2,
        ),
        made(
            "channel:web",
            YESTERDAY,
            older,
            3,
        ),
        made(
            "total",
            AS_OF,
            older,
            4,
        ),
    ]
    shop.insert("sales_forecasts", forecasts)
    path = "forecast/past_days.sql"
    rows = shop.warehouse.query(
        path,
        first=FIRST,
        day=YESTERDAY,
    )
    assert columns_of(rows, "target_date", "forecast") == [(YESTERDAY, 2)]
