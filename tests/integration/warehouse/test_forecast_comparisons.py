"""Days and their forecasts: the view and the report's queries against plain Python."""

import random
from collections import Counter
from datetime import date
from decimal import Decimal
from itertools import product

import pytest

from ecommerce.sales.loading import ORDERS
from tests.integration.warehouse.loadable import (
    daily_sales,
    daily_summary,
    forecast,
    midnight,
    sales_figures,
)
from tests.oracle_forecasts import ONE_DAY, Forecast, History, Sale

EXPECTATION = "report/daily_sales/expectation.sql"
OUTLOOK = "report/daily_sales/outlook.sql"
REPORTING = [f"{name}_reporting" for name in sales_figures(0, 0, 0)]
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


def random_history(chance):
    """A shop that moved, with incomplete days, days without a run and days without rates, and forecasts."""
    history = History(export_ends={"old_shop": MOVED - ONE_DAY})
    for day in DAYS:
        if day >= MOVED + 10 * ONE_DAY and chance.random() < 0.05:
            continue
        history.complete[day] = day < MOVED or chance.random() > 0.06
        if day < MOVED and day.weekday() == 6:
            continue
        history.sales += random_sales(chance, day)
    for made_on in DAYS[21::7]:
        history.forecasts += random_forecasts(chance, made_on)
    return history


def random_sales(chance, day):
    """Sales of a day; one or two currencies may have no rate."""
    rateless = [currency for currency in ("EUR", "AED") if chance.random() < 0.2]
    channels = ["old_shop"] if day < MOVED else ["web", "till"]
    sales = []
    for channel, category, currency in product(channels, CATEGORIES, CURRENCIES):
        if chance.random() < 0.15:
            continue
        gross = Decimal(chance.randint(0, 9_000_000)).scaleb(-4)
        discounts = Decimal(chance.randint(0, 900_000)).scaleb(-4)
        net = gross - discounts - Decimal(chance.randint(0, 2_000_000)).scaleb(-4)
        if currency in rateless:
            gross = discounts = net = None
        sales.append(Sale(day, channel, category, currency, gross, discounts, net))
    return sales


def random_forecasts(chance, made_on):
    """Forecasts of four weeks; now and then one of a series is missing."""
    forecasts = []
    for number, series in product(range(28), SERIES):
        if chance.random() < 0.9 or series == "total":
            day = made_on + number * ONE_DAY
            forecasts.append(Forecast(series, day, made_on, random_values(chance)))
    return forecasts


def random_values(chance):
    """A forecast with its intervals, which are not symmetrical."""
    forecast = chance.randint(5_000_000, 60_000_000)
    values = {"forecast": forecast}
    for level, most in (
        ("80", 8_000_000),
        ("95", 20_000_000),
    ):
        values[f"lower_{level}"] = forecast - chance.randint(most // 2, most)
        values[f"upper_{level}"] = forecast + chance.randint(most // 2, most)
    return {name: Decimal(value).scaleb(-4) for name, value in values.items()}


def store(shop, history):
    """Insert what loads leave of a history."""
    rows = []
    for sale in history.sales:
        names = {"category": sale.category, "currency": sale.currency}
        if sale.gross is None:
            row = daily_sales(sale.day, sale.channel, 1, **names)
            row |= dict.fromkeys(REPORTING)
        else:
            returns = sale.gross - sale.discounts - sale.net
            amounts = sale.gross, sale.discounts, returns
            row = daily_sales(sale.day, sale.channel, *amounts, **names)
        rows.append(row)
    shop.insert("daily_sales", rows)
    rows = []
    for day, is_complete in history.complete.items():
        if day < MOVED and day.weekday() == 6:
            continue
        gross = history.total(day, "gross")
        discounts = history.total(day, "discounts")
        returns = gross - discounts - history.total(day, "net")
        amounts = gross, discounts, returns
        rows.append(daily_summary(day, *amounts, orders=3, complete=is_complete))
    shop.insert("daily_summary", rows)
    rows = []
    for made in history.forecasts:
        made_at = midnight(made.made_on)
        rows.append(forecast(made.series, made.day, made_at, **made.values))
    shop.insert("sales_forecasts", rows)
    shop.exported("old_shop", FIRST, MOVED - ONE_DAY)


def by_series(rows):
    """Rows of a day as the oracle has them."""
    found = {}
    for row in rows:
        columns = dict(row)
        assert columns.pop("model") == "median"
        columns.pop("business_date", None)
        columns["made_on"] = columns.pop("made_at").date()
        found[columns.pop("series")] = columns
    return found


@pytest.fixture(params=[1, pytest.param(2, marks=pytest.mark.slow)])
def random_shop(request, shop):
    """A warehouse with a random history."""
    history = random_history(random.Random(request.param))
    store(shop, history)
    return shop, history


def test_the_view_compares_each_known_day_with_its_forecast_in_force(random_shop):
    shop, history = random_shop
    rows = {day: [] for day in history.complete}
    for row in shop.rows("forecast_comparisons"):
        rows[row["business_date"]].append(row)
    verdicts = Counter()
    for day, rows_of_day in rows.items():
        assert by_series(rows_of_day) == history.comparisons(day), day
        verdicts.update(row["verdict"] for row in rows_of_day)
        verdicts.update(("net", row["net_verdict"]) for row in rows_of_day)
    assert min(verdicts.values()) >= 5, verdicts
    assert len(verdicts) == 8


def test_a_day_that_has_not_ended_has_no_actual_sales(shop):
    """The hourly sync loads orders of the current day."""
    ended, running = FIRST, date(2100, 1, 1)
    history = History(complete={ended: True, running: False})
    for day in (ended, running):
        history.sales += random_sales(random.Random(1), day)
        values = random_values(random.Random(1))
        history.forecasts.append(Forecast("total", day, day, values))
    store(shop, history)
    totals = {}
    for row in shop.rows("forecast_comparisons"):
        if row["series"] == "total":
            totals[row["business_date"]] = (row["actual"], row["net_actual"])
        assert row["business_date"] == ended or row["actual"] is None
    gross, net = history.total(ended, "gross"), history.total(ended, "net")
    assert totals == {ended: (gross, net), running: (None, None)}


def place(series, row):
    kind = series.partition(":")[0]
    is_without = row["forecast"] is None
    kinds = ("total", "channel", "category")
    return kinds.index(kind), is_without, -(row["forecast"] or 0), series


def mark_incomplete(shop, history, days):
    """Make known days incomplete, in the warehouse and in its history."""
    for day in days:
        if day in history.complete:
            history.complete[day] = False
    listed = ", ".join(f"'{day}'" for day in days)
    shop.sql(
        f"UPDATE sales.daily_summary SET complete = FALSE WHERE business_date IN ({listed})"
    )


def test_the_report_has_the_largest_forecasts_first_and_knows_days_that_are_not_complete(
    random_shop,
):
    shop, history = random_shop
    mark_incomplete(shop, history, DAYS[60:119:9])
    days = [FIRST, MOVED - 7 * ONE_DAY, MOVED, *DAYS[90:119:2]]
    for day in days:
        options = {"report_day": day, "spec": ORDERS}
        rows = shop.warehouse.query(EXPECTATION, **options)
        # A day without a run is compared, too: it has no sales and no verdict.
        is_known = day in history.complete
        history.complete.setdefault(day, False)
        expected = history.comparisons(day)
        assert by_series(rows) == expected, day
        order = sorted(expected, key=lambda series: place(series, expected[series]))
        assert [row["series"] for row in rows] == order
        if not is_known:
            del history.complete[day]


def expected_outlook(history, day, days):
    """The rows of `outlook.sql`."""
    following = day + ONE_DAY
    made = []
    for each in history.forecasts:
        is_total = each.series == "total" and each.day in days
        if is_total and each.made_on <= following:
            made.append(each)
    newest = max((each.made_on for each in made), default=None)
    rows = []
    for each in made:
        if each.made_on != newest:
            continue
        names = ("forecast", "lower_80", "upper_80")
        row = {name: each.values[name] for name in names}
        net = history.net_values(following, row)
        row |= {f"net_{name}": value for name, value in net.items()}
        row |= {"day": each.day, "model": "median", "made_on": newest}
        is_known = each.day <= day and history.complete.get(each.day)
        row["net_sales"] = history.total(each.day, "net") if is_known else None
        row["usual_week"] = history.usual_week(following, "gross")
        row["net_usual_week"] = history.usual_week(following, "net")
        row["last_week"] = history.week(day - 6 * ONE_DAY, "gross")
        row["net_last_week"] = history.week(day - 6 * ONE_DAY, "net")
        rows.append(row)
    return rows


def test_the_outlook_has_the_coming_days_and_what_they_are_compared_with(random_shop):
    shop, history = random_shop
    mark_incomplete(shop, history, [DAYS[70], DAYS[119]])
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
            row["made_on"] = row.pop("made_at").date()
            with_last_week += row["last_week"] is not None
        assert rows == expected_outlook(history, day, days), day
    assert with_last_week > 10
