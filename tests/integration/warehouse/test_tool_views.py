"""The views for tools that cannot add a filter have the figures of an oracle without SQL."""

from collections import Counter
from datetime import timedelta

from ecommerce.forecast.loading import FORECASTS
from tests.integration.warehouse.conftest import MONDAY
from tests.integration.warehouse.loadable import Folder, Order, at, forecast
from tests.integration.warehouse.test_other_loads import load_rows
from tests.integration.warehouse.web_events import Website

NOON = at("2026-03-02 17:00")
MORNING = at("2026-03-03 11:00")
STEPS = ("view_item", "add_to_cart", "begin_checkout", "purchase")
FUNNEL = ("device", "sessions", "viewed", "added", "checkout", "purchased")


def texts(shop, view, *columns):
    """The rows of a view as texts, each with the number of rows like it."""
    lines = []
    for row in shop.rows(view, *columns):
        lines.append(" ".join(str(row[name]) for name in columns))
    return Counter(lines)


def test_daily_sales_are_in_reporting_currency(shop):
    orders = [
        Order("1", NOON, lines=[("Toys", "1", "10.00"), ("Cups", "2", "5.00")]),
        Order("2", NOON, currency="EUR", refunds=[("r", NOON, "4.00")]),
        Order("3", NOON, currency="AED"),
    ]
    rates = Folder(source="exchange_rates", rates=[(MONDAY, "USD", "1.25")])
    shop.load(Folder(orders), rates)
    columns = ("category", "currency", "gross_sales", "returns", "net_sales")
    assert texts(shop, "daily_sales_reporting", *columns) == {
        "Toys USD 10.0000 0.0000 10.0000": 1,
        "Cups USD 5.0000 0.0000 5.0000": 1,
        "Toys EUR 12.5000 0.0000 12.5000": 1,
        "unallocated EUR 0.0000 5.0000 -5.0000": 1,
        "Toys AED None None None": 1,
    }


def test_daily_conversion_counts_the_sessions_that_reached_each_step(shop):
    website = Website(shop)
    reached = {"ann": ("mobile", 4), "bob": ("mobile", 2), "cyd": ("desktop", 1)}
    for visitor, (device, steps) in reached.items():
        for number, step in enumerate(STEPS[:steps]):
            instant = NOON + timedelta(minutes=number)
            name = f"{visitor} {step}"
            website.add(name, instant, step, visitor_id=visitor, device=device)
    website.run(MONDAY, MORNING)
    assert texts(shop, "daily_conversion", *FUNNEL) == {
        "mobile 2 2 2 1 1": 1,
        "desktop 1 1 0 0 0": 1,
    }


def test_the_forecast_in_force_is_the_newest_one_of_the_day(shop):
    tuesday = MONDAY + timedelta(days=1)
    first = [
        forecast("total", MONDAY, at("2026-02-23 05:00"), forecast=1),
        forecast("total", tuesday, at("2026-02-23 05:00"), forecast=1),
        forecast("sku:gone", tuesday, at("2026-02-23 05:00"), forecast=1),
    ]
    second = [forecast("total", tuesday, at("2026-03-03 05:00"), forecast=2)]
    for run_id, rows in (("first", first), ("second", second)):
        load_rows(shop, FORECASTS, run_id, sales_forecasts=rows)
    columns = ("series", "target_date", "forecast")
    assert texts(shop, "forecasts_in_force", *columns) == {
        f"total {MONDAY} 1.0000": 1,
        f"total {tuesday} 2.0000": 1,
    }
