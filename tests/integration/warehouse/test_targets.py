"""Targets: their files, and how far a month has reached them on a day."""

import csv
import random
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from ecommerce.core.business_day import days_between
from ecommerce.sales.days.targets import load_targets
from ecommerce.warehouse.client import connect
from ecommerce.warehouse.rendering import render
from tests.integration.warehouse.loadable import daily_sales, forecast, midnight
from tests.oracle_customers import rounded
from tests.rows import column_of

QUERY = "report/daily_sales/targets.sql"
AMOUNTS = ("target_to_date", "landing", "landing_lower_80", "landing_upper_80")
PROGRESS = ("expected_share", "net_sales", *AMOUNTS[1:])
NET_SHARE = Decimal("0.9")
BELOW = 50
"""Distance of a forecast from the lower end of its 80 % interval."""
ABOVE = 70

DAY = date(2026, 3, 18)
FIRST = DAY.replace(day=1)
MONTH = days_between(FIRST, DAY.replace(day=31))
FORECAST_DAYS = MONTH[9:28]
"""Days 10 to 28 have a forecast of the whole shop; the others have the average of their weekday."""


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Write a file of targets below `TARGETS_URI`."""
    folder = tmp_path / "targets"
    folder.mkdir()
    monkeypatch.setenv("TARGETS_URI", folder.as_uri())

    def write(name, *lines):
        text = "\n".join(["month,channel,net_sales,currency", *lines]) + "\n"
        (folder / name).write_text(text, "utf-8-sig")

    return write


def stored(shop):
    return shop.tuples("sales_targets")


def test_invalid_lines_are_named_and_the_others_replace_what_was_stored(shop, files):
    files("a.csv", "2026-03,total,1000,USD", "2026-03, web ,400.50,USD")
    assert load_targets(shop.warehouse) == []
    files(
        "b.csv",
        "2026-03,total,2000,USD",
        "March,web,1,USD",
        "2026-04,web,ten,USD",
        "2026-04,web,5,EUR",
        "2026-04,,5,USD",
        "2026-05,shop,7,USD",
    )
    places = column_of(load_targets(shop.warehouse), "place")
    assert places == [f"b.csv line {number}" for number in (3, 4, 5, 6)]
    march = date(2026, 3, 1)
    assert sorted(stored(shop)) == [
        (march, "total", Decimal(2000)),
        (march, "web", Decimal("400.5")),
        (date(2026, 5, 1), "shop", Decimal(7)),
    ]
    files("a.csv")
    files("b.csv")
    load_targets(shop.warehouse)
    assert stored(shop) == []


def test_targets_that_cannot_be_read_stay_and_stop_no_report(shop, files, tmp_path):
    files(
        "a.csv",
        "2026-03,total,1000,USD,of the whole shop",
        "",
        "2026-04,total",
    )
    [incomplete] = load_targets(shop.warehouse)
    assert incomplete["place"] == "a.csv line 4"
    kept = [(FIRST, "total", Decimal(1000))]
    assert stored(shop) == kept
    files(
        "b.csv",
        f'2026-03,"{"x" * csv.field_size_limit()}',
    )
    [too_large] = load_targets(shop.warehouse)
    file = tmp_path / "targets" / "b.csv"
    file.unlink()
    file.mkdir()
    [a_folder] = load_targets(shop.warehouse)
    assert too_large["kind"] == a_folder["kind"] == "targets_unread"
    assert stored(shop) == kept


def sell(shop, gross, net_share):
    """Insert gross sales by day and channel; `net_share` of each are net sales, the rest returns."""
    rows = []
    for (day, channel), amount in gross.items():
        returns = amount * (1 - Decimal(net_share))
        rows.append(
            daily_sales(
                day,
                channel,
                amount,
                returns=returns,
            )
        )
    shop.insert("daily_sales", rows)


def insert_forecasts(shop, amounts):
    """Insert forecasts of the whole shop by day, of which only those made late on 19 March count on `DAY`."""
    rows = []
    for day, amount in amounts.items():
        interval = {
            "lower_80": amount - BELOW,
            "upper_80": amount + ABOVE,
        }
        for made_on, factor in ((18, 9), (20, 1), (21, 5)):
            made_at = midnight(DAY.replace(day=made_on)) - timedelta(hours=1)
            values = interval | {"forecast": amount * factor}
            rows.append(
                forecast(
                    "total",
                    day,
                    made_at,
                    **values,
                )
            )
    shop.insert("sales_forecasts", rows)


def weekday_average(gross, channels, weekday):
    """Average sales of a weekday in the eight weeks before the month."""
    total = Decimal(0)
    for back in range(1, 57):
        day = FIRST - timedelta(days=back)
        if day.weekday() == weekday:
            total += sum(gross[day, channel] for channel in channels)
    return total / 8


def expected_progress(target, gross, forecasts, channels):
    """The columns of a row on `DAY`, from exact fractions; no interval without `forecasts`."""
    weights = {}
    for day in MONTH:
        average = weekday_average(gross, channels, day.weekday())
        weights[day] = Fraction(forecasts.get(day, average))
    net_share = Fraction(NET_SHARE)
    net_sales = weight_to_date = Fraction(0)
    for day in MONTH[: DAY.day]:
        weight_to_date += weights[day]
        for channel in channels:
            net_sales += Fraction(gross[day, channel]) * net_share
    share = weight_to_date / sum(weights.values())
    landing = net_sales + (sum(weights.values()) - weight_to_date) * net_share
    lower = upper = None
    if forecasts:
        forecast_days = sum(day > DAY for day in forecasts)
        lower = landing - BELOW * forecast_days * net_share
        upper = landing + ABOVE * forecast_days * net_share
    return {
        "target": target,
        "expected_share": rounded(share),
        "target_to_date": rounded(target * share, 2),
        "reached_share": rounded(net_sales / target),
        "net_sales": rounded(net_sales, 2),
        "landing": rounded(landing, 2),
        "landing_lower_80": rounded(lower, 2),
        "landing_upper_80": rounded(upper, 2),
    }


@pytest.fixture
def measured(shop, files):
    """A shop with random sales, a forecast and targets, and the progress that is expected by channel."""
    chance = random.Random(4)
    gross = {}
    for number in range(100):
        day = DAY - timedelta(days=number)
        for channel in ("web", "till"):
            gross[day, channel] = Decimal(chance.randint(100, 900))
    # The share of net sales is that of 28 days.
    split = DAY - timedelta(days=28)
    sell(shop, {key: gross[key] for key in gross if key[0] > split}, NET_SHARE)
    sell(shop, {key: gross[key] for key in gross if key[0] <= split}, "0.5")
    forecasts = {day: Decimal(chance.randint(400, 1800)) for day in FORECAST_DAYS}
    insert_forecasts(shop, forecasts)
    files(
        "a.csv",
        "2026-03,total,30000,USD",
        "2026-03,till,9000,USD",
        "2026-04,total,1,USD",
    )
    load_targets(shop.warehouse)
    return shop, {
        "total": expected_progress(
            30_000,
            gross,
            forecasts,
            ("web", "till"),
        ),
        "till": expected_progress(
            9_000,
            gross,
            {},
            ("till",),
        ),
    }


def test_a_month_is_measured_by_the_days_that_are_over_and_lands_by_the_forecast(
    measured,
):
    shop, expected = measured
    rows = shop.warehouse.query(QUERY, report_day=DAY)
    assert column_of(rows, "channel") == ["total", "till"]
    for row in rows:
        columns = expected[row["channel"]]
        assert {name: row[name] for name in columns} == columns


@pytest.mark.slow
def test_amounts_are_exact_on_the_reference_engine(measured):
    """Their texts show the noise of a float; the emulator's BIGNUMERIC has too few decimals for it."""
    # It takes half a minute to compile, which the fast tests need not wait for.
    from tests.integration.warehouse.both_engines import BothEngines
    from tests.reference_engine import evaluate

    shop, expected = measured
    settings = shop.warehouse.settings
    engines = BothEngines(today=DAY)
    tables = []
    for name in ("daily_sales", "sales_forecasts", "sales_targets"):
        table = f"{settings.bigquery_dataset}.{name}"
        tables.append(engines.table(shop.warehouse.client, table))
    texts = [f"CAST({column} AS STRING)" for column in AMOUNTS]
    sql = render(QUERY, settings=settings, report_day=DAY)
    rows = evaluate(f"SELECT channel, {', '.join(texts)} FROM ({sql})", tables).rows
    assert len(rows) == len(expected)
    for channel, *amounts in rows:
        exact = [text and Decimal(text) for text in amounts]
        assert exact == [expected[channel][column] for column in AMOUNTS]


@pytest.fixture
def measure(shop, files):
    """Load targets of 1,000.00 for channels; return the share that is expected, net sales, landing and its
    interval on a day, by channel."""

    def measure(*channels, day=DAY):
        files("a.csv", *[f"{day:%Y-%m},{channel},1000,USD" for channel in channels])
        load_targets(shop.warehouse)
        rows = shop.warehouse.query(QUERY, report_day=day)
        return {row["channel"]: tuple(row[name] for name in PROGRESS) for row in rows}

    return measure


def sell_daily(shop, channel, first, last, net_share=1):
    """Insert sales of 100.00 on each day, `net_share` of them net sales."""
    days = days_between(first, last)
    sell(
        shop,
        {(day, channel): Decimal(100) for day in days},
        net_share,
    )


def test_the_target_of_a_shop_counts_all_its_channels(shop, measure, monkeypatch):
    monkeypatch.setenv("SHOPS", '{"shopify": ["de"]}')
    shop.warehouse = connect(step="test")
    rows = []
    for source in ("shopify", "shopify_de"):
        for channel in (source, f"{source}_web"):
            rows.append(
                daily_sales(
                    DAY,
                    source,
                    100,
                    channel=channel,
                )
            )
    shop.insert("daily_sales", rows)
    # Another source's target is that of its channel.
    expected = {
        "total": 400,
        "shopify": 100,
        "shopify_de": 200,
        "shopify_de_web": 100,
    }
    progress = measure(*expected)
    assert {channel: row[1] for channel, row in progress.items()} == expected


def test_a_channel_with_a_short_history_lands_by_the_days_it_has(shop, measure):
    # Two weeks, two days, and none before the month; one that sells nothing any more; one without any sale.
    sell_daily(
        shop,
        "weeks",
        FIRST - timedelta(days=14),
        DAY,
    )
    sell_daily(
        shop,
        "days",
        FIRST - timedelta(days=2),
        DAY,
    )
    sell_daily(
        shop,
        "new",
        FIRST + timedelta(days=10),
        DAY,
        net_share="0.9",
    )
    sell_daily(
        shop,
        "closed",
        FIRST - timedelta(days=50),
        FIRST - timedelta(days=40),
    )
    # More returns than sales are no negative landing of the other days.
    sell_daily(
        shop,
        "returned",
        FIRST - timedelta(days=60),
        DAY,
        net_share="-0.5",
    )
    progress = measure(
        "weeks",
        "days",
        "new",
        "closed",
        "Weeks",
        "returned",
    )
    assert progress["returned"][1:3] == (-18 * 50, -18 * 50)
    share = rounded(Fraction(18, 31))
    assert progress["weeks"] == progress["days"] == (share, 1800, 3100, None, None)
    # 8 days of 100.00, of which 90.00 are net, and 13 more.
    assert progress["new"] == (share, 720, 720 + 13 * 90, None, None)
    assert progress["Weeks"] == (share, 0, 0, None, None)
    # 50 days of history, of which the first 11 had sales. On average, Saturdays have 2/8 of 100.00, Sundays
    # to Tuesdays 2/7, and the other days 1/7. Of these, 2, 6 and 5 days remain.
    landing = rounded(
        100 * (Fraction(2 * 2, 8) + Fraction(6 * 2 + 5, 7)),
        2,
    )
    assert landing == Decimal("292.86")
    share = rounded(Fraction(57, 98))
    assert progress["closed"] == (share, 0, landing, None, None)


def test_on_the_last_day_a_month_has_landed(shop, measure):
    sell_daily(
        shop,
        "web",
        FIRST - timedelta(days=60),
        MONTH[-1],
        net_share="0.8",
    )
    landed = 31 * 80
    progress = measure("total", day=MONTH[-1])
    assert progress == {"total": (1, landed, landed, landed, landed)}
    assert measure("total", day=FIRST)["total"][1:3] == (80, landed)
    february = FIRST - timedelta(days=1)
    assert measure("total", day=february)["total"][:2] == (1, 28 * 80)
