"""A warehouse for reports: two weeks in which little happens, and DAY with everything at once."""

from datetime import timedelta

from tests.integration.warehouse.conftest import MONDAY as DAY
from tests.integration.warehouse.loadable import Folder, Order, at
from tests.source_names import EXCHANGE_RATES, STOREFRONT

NOON = at("2026-03-02 17:00")


def before(days):
    """The day so many days before DAY."""
    return DAY - timedelta(days=days)


def noon(days):
    """Noon in New York so many days before DAY."""
    return NOON - timedelta(days=days)


def sold(order_id, days_before, amount="10.00", **values):
    """An order of one line."""
    return Order(
        order_id,
        noon(days_before),
        [("Toys", "1", amount)],
        **values,
    )


def trade(shop):
    """Run the days."""

    def run(back, *folders, **options):
        day = before(back)
        read_at = f"{before(back - 1)} 11:00"
        for folder in folders:
            folder.read_at = at(read_at)
        run_id = f"run__{day}"
        shop.load_all(*folders, day=day, run_id=run_id, read_at=read_at, **options)

    run(12, Folder([sold("1", 12, customer="old")]))
    run(7, Folder([sold("2", 7, "80.00", customer="b")]))
    run(2, missing_sources=[STOREFRONT])
    run(1, Folder([sold("3", 1, "50.00", customer="c")]))
    rates = Folder(source=EXCHANGE_RATES, rates=[(DAY, "USD", "1.25")])
    run(0, _database(), _storefront(), rates)


def _database():
    lines = [("Toys", "2", "60.00"), ("Garden", "1", "40.00")]
    amounts = {"discount": "10", "tax": "7.2", "shipping": "5"}
    orders = [
        Order(
            "10",
            NOON,
            lines,
            customer="old",
            **amounts,
        ),
        sold("11", 0, "30.00", customer="new", country_code="DE"),
        sold(
            "12",
            0,
            "500.00",
            customer="x",
            products=["lamp"],
            status="cancelled",
            is_sale=False,
        ),
        sold("13", 0, "700.00", customer="y", products=["lamp"], is_test=True),
    ]
    texts = ("line of jane@example.com", "second", "third", "fourth")
    rejected = [{"reason": "invalid_number", "raw": text} for text in texts]
    rejected.append({"reason": "missing_value", "raw": "fifth"})
    totals = {"source_orders": 4, "source_amount": "1330.00"}
    return Folder(orders, rejected=rejected, totals=totals)


def _storefront():
    def order(order_id, customer, quantity, amount, **values):
        lines = [("Garden", quantity, amount)]
        return Order(
            order_id, NOON, lines, source=STOREFRONT, customer=customer, **values
        )

    refunds = [
        ("r1", NOON, "30.00"),
        ("r1", NOON, "24.00"),
    ]
    orders = [
        order("s1", "new2", "1", "20.00"),
        order("s2", "br", "3", "1000.00", currency="BRL"),
        order(
            "s3",
            "eu",
            "1",
            "108.00",
            currency="EUR",
            country_code=None,
            refunds=refunds,
            reason="too small",
        ),
    ]
    return Folder(orders, source=STOREFRONT)
