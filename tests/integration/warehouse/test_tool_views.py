"""The views for tools that cannot add a filter have the figures of an oracle without SQL."""

from datetime import timedelta
from decimal import Decimal

from tests.integration.warehouse.conftest import MONDAY
from tests.integration.warehouse.loadable import Folder, Order, at
from tests.integration.warehouse.web_events import Website

NOON = at("2026-03-02 17:00")
MORNING = at("2026-03-03 11:00")
STEPS = ("view_item", "add_to_cart", "begin_checkout", "purchase")
FUNNEL = ("device", "sessions", "viewed", "added", "checkout", "purchased")


def test_daily_sales_are_in_reporting_currency(shop):
    orders = [
        Order(
            "1",
            NOON,
            lines=[
                ("Toys", "1", "10.00"),
                ("Cups", "2", "5.00"),
            ],
        ),
        Order("2", NOON, currency="EUR", refunds=[("r", NOON, "4.00")]),
        Order("3", NOON, currency="AED"),
    ]
    rates = Folder(source="exchange_rates", rates=[(MONDAY, "USD", "1.25")])
    shop.load(Folder(orders), rates)
    columns = ("category", "currency", "gross_sales", "returns", "net_sales")
    assert shop.tuples("daily_sales_reporting", *columns) == [
        ("Cups", "USD", 5, 0, 5),
        ("Toys", "AED", None, None, None),
        ("Toys", "EUR", Decimal("12.5"), 0, Decimal("12.5")),
        ("Toys", "USD", 10, 0, 10),
        ("unallocated", "EUR", 0, 5, -5),
    ]


def test_daily_conversion_counts_the_sessions_that_reached_each_step(shop):
    website = Website(shop)
    reached = {
        "ann": ("mobile", 4),
        "bob": ("mobile", 2),
        "cyd": ("desktop", 1),
    }
    for visitor, (device, steps) in reached.items():
        for number, step in enumerate(STEPS[:steps]):
            instant = NOON + timedelta(minutes=number)
            name = f"{visitor} {step}"
            website.add(name, instant, step, visitor_id=visitor, device=device)
    website.run(MONDAY, MORNING)
    assert shop.tuples("daily_conversion", *FUNNEL) == [
        ("desktop", 1, 1, 0, 0, 0),
        ("mobile", 2, 2, 2, 1, 1),
    ]
