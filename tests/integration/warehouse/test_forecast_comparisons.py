"""Days and their forecasts: the view and the report's queries against plain Python."""

import random
from collections import Counter
from datetime import date
from decimal import Decimal
from itertools import product

import pytest

from ecommerce.sales.loading import ORDERS
from tests.integration.warehouse.loadable import (
    business_date,
    daily_sales,
    daily_summary,
    forecast,
    midnight,
    sales_figures,
)
from tests.oracle_forecasts import ONE_DAY, Forecast, History, Sale
from tests.rows import column_of

EXPECTATION = "report/daily_sales/expectation.sql"
OUTLOOK = "report/daily_sales/outlook.sql"
FIGURES = tuple(sales_figures(0, 0, 0))
FIRST = date(2021, 1, 11)
MOVED = date(2021, 3, 7)
"""A Sunday, the first day of the daily runs. An export, closed on Sundays, ends on the day before."""
DAYS = [FIRST + number * ONE_DAY for number in range(120)]
CATEGORIES = ("Toys", "Cups")
CURRENCIES = ("USD", "EUR", "AED")
SERIES = (
    "total",
    "channel:old_shop",
    "channel:web",
    "category:Toys",
    "category:Cups",
    "sku:toys-1",
)


def is_closed(day):
    return day < MOVED and day.weekday() == 6


def random_history(chance):
    """A shop that moved, with incomplete days, days without a run and days without rates, and forecasts."""
    history = History(export_ends={"channel:old_shop": MOVED - ONE_DAY})
    for day in DAYS:
        if day >= MOVED + 10 * ONE_DAY and chance.random() < 0.05:
            continue
        history.complete[day] = day < MOVED or chance.random() > 0.1
        if not is_closed(day):
            history.sales += random_sales(chance, day)
    for made_on in DAYS[21::7]:
        for number, series in product(range(28), SERIES):
            # Now and then a forecast is missing.
            if chance.random() < 0.9 or series == "total":
                day = made_on + number * ONE_DAY
                made = Forecast(
                    series,
                    day,
                    made_on,
                    random_values(chance),
                )
                history.forecasts.append(made)
    return history


def random_sales(chance, day):
    """Sales of a day; one or two currencies may have no rate."""
    rateless = [currency for currency in ("EUR", "AED") if chance.random() < 0.2]
    channels = ["old_shop"] if day < MOVED else ["web", "till"]
    sales = []
    for channel, category, currency in product(channels, CATEGORIES, CURRENCIES):
        if chance.random() < 0.15:
            continue
        figures = sales_figures(
            random_amount(chance, 0, 9_000_000),
            random_amount(chance, 0, 900_000),
            random_amount(chance, 0, 2_000_000),
        )
        if currency in rateless:
            figures = {}
        sales.append(
            Sale(
                day,
                channel,
                category,
                currency,
                figures,
            )
        )
    return sales


def random_amount(chance, least, most):
    """An amount between so many ten thousandths."""
    return Decimal(chance.randint(least, most)).scaleb(-4)


def random_values(chance):
    """A forecast with its intervals, which are not symmetrical."""
    middle = random_amount(chance, 5_000_000, 60_000_000)
    values = {"forecast": middle}
    for level, most in (("80", 8_000_000), ("95", 20_000_000)):
        values[f"lower_{level}"] = middle - random_amount(chance, most // 2, most)
        values[f"upper_{level}"] = middle + random_amount(chance, most // 2, most)
    return values


def store(shop, history):
    """Insert what loads leave of a history."""
    sales = []
    for sale in history.sales:
        row = daily_sales(
            sale.day,
            sale.channel,
            1,
            category=sale.category,
        )
        row["currency"] = sale.currency
        for name in FIGURES:
            row[f"{name}_reporting"] = sale.figures.get(name)
        sales.append(row)
    shop.insert("daily_sales", sales)
    summaries = []
    for day, is_complete in history.complete.items():
        if not is_closed(day):
            row = daily_summary(
                day,
                0,
                orders=3,
                complete=is_complete,
            )
            for name in FIGURES:
                row[name] = history.total([day], name)
            summaries.append(row)
    shop.insert("daily_summary", summaries)
    forecasts = []
    for made in history.forecasts:
        made_at = midnight(made.made_on)
        forecasts.append(
            forecast(
                made.series,
                made.day,
                made_at,
                **made.values,
            )
        )
    shop.insert("sales_forecasts", forecasts)
    shop.exported("old_shop", FIRST, MOVED - ONE_DAY)


def by_series(rows):
    """Rows of a day as the oracle has them."""
    comparisons = {}
    for row in rows:
        columns = dict(row)
        assert columns.pop("model") == "median"
        columns.pop("business_date", None)
        columns["made_on"] = business_date(columns.pop("made_at"))
        comparisons[columns.pop("series")] = columns
    return comparisons


@pytest.fixture(scope="module", params=[1, pytest.param(2, marks=pytest.mark.slow)])
def random_shop(request, lend_shop):
    """A warehouse with a random history."""
    history = random_history(random.Random(request.param))
    with lend_shop() as shop:
        store(shop, history)
        yield shop, history


def test_the_view_compares_each_known_day_with_its_forecast_in_force(random_shop):
    shop, history = random_shop
    rows = {day: [] for day in history.complete}
    verdicts = Counter()
    for row in shop.rows("forecast_comparisons"):
        rows[row["business_date"]].append(row)
        verdicts.update(
            [
                row["verdict"],
                ("net", row["net_verdict"]),
            ]
        )
    for day, rows_of_day in rows.items():
        assert by_series(rows_of_day) == history.comparisons(day), day
    assert min(verdicts.values()) >= 5, verdicts
    assert len(verdicts) == 8
    complete = shop.warehouse.query(
        "forecast/complete_days.sql",
        first=DAYS[3],
        day=DAYS[-3],
    )
    of_days = shop.by("daily_summary", "business_date", "complete")
    expected = {day for day in DAYS[3:-2] if of_days.get(day)}
    assert set(column_of(complete, "business_date")) == expected


def test_a_day_that_has_not_ended_has_no_actual_sales(shop):
    """The hourly sync loads orders of the current day."""
    running = date(2100, 1, 1)
    for day in (FIRST, running):
        shop.insert("daily_summary", [daily_summary(day, 10, complete=day == FIRST)])
        shop.insert("daily_sales", [daily_sales(day, "web", 10)])
        shop.insert("sales_forecasts", [forecast("total", day, midnight(day))])
    columns = ("business_date", "series", "actual", "net_actual")
    assert set(shop.tuples("forecast_comparisons", *columns)) == {
        (FIRST, "total", 10, 10),
        (FIRST, "channel:web", 10, None),
        (FIRST, "category:Toys", 10, None),
        (running, "total", None, None),
        (running, "channel:web", None, None),
        (running, "category:Toys", None, None),
    }


def place(series, row):
    """The place of a series in the report."""
    kinds = ("total", "channel", "category")
    kind = kinds.index(series.partition(":")[0])
    amount = row["forecast"]
    return kind, amount is None, -(amount or 0), series


def test_the_report_has_the_largest_forecasts_first_and_knows_days_that_are_not_complete(
    random_shop,
):
    shop, history = random_shop
    # A day without a run is compared, too: it has no sales and no verdict.
    for day in (FIRST, MOVED - 7 * ONE_DAY, MOVED, *DAYS[90:119:2]):
        rows = shop.warehouse.query(
            EXPECTATION,
            report_day=day,
            spec=ORDERS,
        )
        expected = history.comparisons(day)
        assert by_series(rows) == expected, day
        order = sorted(
            expected,
            key=lambda series: place(series, expected[series]),
        )
        assert column_of(rows, "series") == order


def expected_outlook(history, day, days):
    """The rows of `outlook.sql`."""
    following = day + ONE_DAY
    made = []
    for total in history.forecasts:
        if total.series == "total" and total.day in days and total.made_on <= following:
            made.append(total)
    newest = max(
        (total.made_on for total in made),
        default=None,
    )
    last_week = day - 6 * ONE_DAY
    compared = {
        "model": "median",
        "made_on": newest,
        "usual_week": history.usual_week(following, "gross_sales"),
        "net_usual_week": history.usual_week(following, "net_sales"),
        "last_week": history.week(last_week, "gross_sales"),
        "net_last_week": history.week(last_week, "net_sales"),
    }
    rows = []
    for total in made:
        if total.made_on == newest:
            row = {"day": total.day, "net_sales": None}
            if total.day <= day and history.complete.get(total.day):
                row["net_sales"] = history.total([total.day], "net_sales")
            for name in ("forecast", "lower_80", "upper_80"):
                row[name] = total.values[name]
            for name, value in history.net_values(following, row).items():
                row[f"net_{name}"] = value
            rows.append(row | compared)
    return rows


def test_the_outlook_has_the_coming_days_and_what_they_are_compared_with(random_shop):
    shop, history = random_shop
    with_last_week = 0
    for day in (FIRST, DAYS[20], *DAYS[60:76:2], *DAYS[110::3]):
        days = [day + number * ONE_DAY for number in range(-2, 8)]
        rows = shop.warehouse.query(
            OUTLOOK,
            report_day=day,
            first=days[0],
            last=days[-1],
            spec=ORDERS,
            parameters={"ends_at": midnight(day + ONE_DAY)},
        )
        for row in rows:
            row["made_on"] = business_date(row.pop("made_at"))
            with_last_week += row["last_week"] is not None
        assert rows == expected_outlook(history, day, days), day
    assert with_last_week > 10
