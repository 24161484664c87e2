"""Days and their forecasts: the view and the report's queries against plain Python, and in simulations."""

import random
from collections import Counter
from datetime import date
from decimal import Decimal
from itertools import product

import pytest

from ecommerce.core.business_day import day_window
from ecommerce.sales.loading import ORDERS
from tests.integration.made_up_sales import SALES_COLUMNS
from tests.integration.warehouse.random_history import AUDIT_COLUMNS
from tests.oracle_forecasts import BOUNDS, ONE_DAY, Forecast, History, Sale

EXPECTATION = "report/daily_sales/expectation.sql"
OUTLOOK = "report/daily_sales/outlook.sql"
FORECAST_COLUMNS = (
    "series, target_date, model, made_at, forecast, lower_80, upper_80, lower_95, "
    "upper_95, run_id"
)
SUMMARY_COLUMNS = (
    "business_date, orders, units, customers, gross_sales, discounts, returns, net_sales, tax, "
    "shipping, new_customers, unconverted_orders, complete"
)
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
    for level, most in (("80", 8_000_000), ("95", 20_000_000)):
        values[f"lower_{level}"] = forecast - chance.randint(most // 2, most)
        values[f"upper_{level}"] = forecast + chance.randint(most // 2, most)
    return {name: Decimal(value).scaleb(-4) for name, value in values.items()}


def store(shop, history):
    """Insert what loads leave of a history."""
    rows = []
    for sale in history.sales:
        source = sale.channel if sale.channel == "old_shop" else "sales_db"
        key = f"'{sale.day}', '{source}', '{sale.channel}', '{sale.category}', 'US'"
        sums = "NULL, 0, 0, NULL"
        if sale.gross is not None:
            returns = sale.gross - sale.discounts - sale.net
            sums = f"{sale.gross}, {sale.discounts}, {returns}, {sale.net}"
        rows.append(f"({key}, '{sale.currency}', 1, 1, 1, 0, 0, 1, {sums})")
    if rows:
        shop.insert("daily_sales", SALES_COLUMNS, rows)
    rows = []
    for day, is_complete in history.complete.items():
        if day < MOVED and day.weekday() == 6:
            continue
        gross = history.total(day, "gross")
        discounts = history.total(day, "discounts")
        net = history.total(day, "net")
        sums = f"{gross}, {discounts}, {gross - discounts - net}, {net}"
        rows.append(f"('{day}', 3, 3, 3, {sums}, 0, 0, 0, 0, {is_complete})")
    shop.insert("daily_summary", SUMMARY_COLUMNS, rows)
    rows = []
    for forecast in history.forecasts:
        made_at = day_window(forecast.made_on, "America/New_York").start
        key = f"'{forecast.series}', '{forecast.day}', 'm', '{made_at.isoformat()}'"
        amounts = [str(forecast.values[name]) for name in ("forecast", *BOUNDS)]
        rows.append(f"({key}, {', '.join(amounts)}, 'run')")
    shop.insert("sales_forecasts", FORECAST_COLUMNS, rows)
    window = f"'{FIRST} 05:00:00+00', '{MOVED} 05:00:00+00'"
    load = (
        f"'{FIRST}', 'old_shop', 'export', 'history', '{MOVED} 12:00:00+00', {window}"
    )
    shop.insert("load_audit", AUDIT_COLUMNS, [f"({load})"])


def by_series(rows):
    """Rows of a day as the oracle has them."""
    found = {}
    for row in rows:
        columns = dict(row)
        assert columns.pop("model") == "m"
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


def mark_incomplete(shop, days):
    listed = ", ".join(f"'{day}'" for day in days)
    dataset = shop.warehouse.settings.bigquery_dataset
    shop.warehouse.run(
        f"UPDATE `{dataset}.daily_summary` SET complete = FALSE WHERE business_date IN ({listed})",
        "incomplete days",
    )


def test_the_report_has_the_largest_forecasts_first_and_knows_days_that_are_not_complete(
    random_shop,
):
    shop, history = random_shop
    for day in DAYS[60:119:9]:
        if day in history.complete:
            history.complete[day] = False
    mark_incomplete(shop, DAYS[60:119:9])
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
    for forecast in history.forecasts:
        is_total = forecast.series == "total" and forecast.day in days
        if is_total and forecast.made_on <= following:
            made.append(forecast)
    newest = max((forecast.made_on for forecast in made), default=None)
    rows = []
    for forecast in made:
        if forecast.made_on != newest:
            continue
        names = ("forecast", "lower_80", "upper_80")
        row = {name: forecast.values[name] for name in names}
        for name, value in history.net_values(following, dict(row)).items():
            row[f"net_{name}"] = value
        row |= {"day": forecast.day, "model": "m", "made_on": newest}
        is_known = forecast.day <= day and history.complete.get(forecast.day)
        row["net_sales"] = history.total(forecast.day, "net") if is_known else None
        row["usual_week"] = history.usual_week(following, "gross")
        row["net_usual_week"] = history.usual_week(following, "net")
        row["last_week"] = history.week(day - 6 * ONE_DAY, "gross")
        row["net_last_week"] = history.week(day - 6 * ONE_DAY, "net")
        rows.append(row)
    return rows


def test_the_outlook_has_the_coming_days_and_what_they_are_compared_with(random_shop):
    shop, history = random_shop
    incomplete = [DAYS[70], DAYS[119]]
    for day in incomplete:
        history.complete[day] = False
    mark_incomplete(shop, incomplete)
    with_last_week = 0
    for day in (FIRST, DAYS[20], *DAYS[60:76:2], *DAYS[110::3]):
        days = [day + number * ONE_DAY for number in range(-2, 8)]
        rows = shop.warehouse.query(
            OUTLOOK,
            report_day=day,
            first=days[0],
            last=days[-1],
            spec=ORDERS,
            parameters={"ends_at": day_window(day, "America/New_York").end},
        )
        for row in rows:
            row["made_on"] = row.pop("made_at").date()
            with_last_week += row["last_week"] is not None
        assert rows == expected_outlook(history, day, days), day
    assert with_last_week > 10


def simulated_history(chance, days):
    """Forecasts that miss by 8 %, discounts of the day's own orders, and returns of earlier days."""
    history = History()
    week = [1000.0] * 7
    for number in range(days):
        day = MOVED + number * ONE_DAY
        forecast = chance.uniform(900, 1100) * (1.5 if day.weekday() == 4 else 1)
        values = {"forecast": amount(forecast)}
        for level, deviations in (("80", 1.2816), ("95", 1.96)):
            half = deviations * 0.08 * forecast
            values[f"lower_{level}"] = amount(forecast - half)
            values[f"upper_{level}"] = amount(forecast + half)
        history.forecasts.append(Forecast("total", day, day, values))
        gross = chance.gauss(forecast, 0.08 * forecast)
        discounts = amount(chance.uniform(0.02, 0.08) * gross)
        returns = amount(chance.gauss(0.2, 0.08) * sum(week) / 7)
        week = [*week[1:], gross]
        net = amount(gross) - discounts - returns
        sale = Sale(day, "web", "Toys", "USD", amount(gross), discounts, net)
        history.sales.append(sale)
        history.complete[day] = True
    return history


def amount(value):
    return Decimal(value).quantize(Decimal("0.0001"))


def test_net_intervals_contain_as_many_days_as_they_state(shop):
    store(shop, simulated_history(random.Random(7), 1000))
    rows = []
    for row in shop.rows("forecast_comparisons"):
        has_past = row["business_date"] >= MOVED + 28 * ONE_DAY
        if row["series"] == "total" and has_past:
            rows.append(row)
    verdicts = Counter(row["net_verdict"] for row in rows)
    assert 0.76 < verdicts["as expected"] / len(rows) < 0.84
    assert 0.93 < 1 - verdicts["very unusual"] / len(rows) < 0.97
    # The interval of gross sales alone is too narrow.
    inside = 0
    for row in rows:
        half = row["upper_80"] - row["forecast"]
        inside += abs(row["net_actual"] - row["net_forecast"]) <= half
    assert inside / len(rows) < 0.7
