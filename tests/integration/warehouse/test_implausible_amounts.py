"""Amounts that are hardly true: loaded, warned of with order and amount, a finding where they move it."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from ecommerce.sales.loading import ORDERS
from ecommerce.sales.report.findings import sentence
from ecommerce.sales.report.queries import read_figures
from ecommerce.warehouse.checks import run_checks
from tests.integration.warehouse.conftest import MONDAY, ORIGIN
from tests.integration.warehouse.loadable import Folder, Order, at

AT = at("2026-03-02 15:00")
REFUNDED = Order(
    "1",
    AT,
    lines=[("Toys", "1", "50.00"), ("Toys", "1", "20.00")],
    discount="50.04",  # a rounding difference
    refunds=[("r1", at("2026-03-02 20:00"), "24.95")],
    shipping="-0.05",
    tax="5.00",
)
ORDINARY = replace(REFUNDED, refunds=[])
VOUCHER = replace(
    ORDINARY,
    order_id="2",
    lines=[("Voucher", "0", "0.00"), ("Toys", "1", "40.00")],
    discount="10.00",
)
RATES = Folder(
    source="exchange_rates", rates=[(MONDAY, "EUR", "1"), (MONDAY, "USD", "2.00")]
)


def warnings(shop, day=MONDAY):
    found = run_checks(
        [MONDAY], spec=ORDERS, business_date=day, run_id="run", warehouse=shop.warehouse
    )
    return [
        f"{each.weight} {each.failing_rows} {each.sample}"
        for each in found
        if each.failing_rows
    ]


def test_ordinary_amounts_rounding_and_vouchers_are_no_warning(shop):
    negative = replace(ORDINARY, order_id="3", discount="-0.05")
    shop.load(Folder([REFUNDED, VOUCHER, negative]), RATES)
    assert warnings(shop) == []
    assert [
        each.order_id
        for each in read_figures(shop.warehouse, MONDAY, ORIGIN).implausible
    ] == []


def test_implausible_amounts_are_loaded_and_warned_of(shop):
    orders = [
        replace(ORDINARY, order_id="10", discount="99999.00"),
        replace(ORDINARY, order_id="11", discount="-500.00"),
        replace(ORDINARY, order_id="12", shipping="-7.00"),
        replace(VOUCHER, order_id="13", discount="45.00"),
        Order(
            "14",
            AT,
            refunds=[("r9", at("2026-03-02 21:00"), "99999.99")],
            currency="EUR",
        ),
        # The goodwill of another day makes the second refund exceed the order.
        Order(
            "15",
            AT,
            refunds=[("r7", at("2026-03-01 21:00"), "6.00"), ("r8", AT, "5.00")],
        ),
        replace(
            ORDINARY,
            order_id="16",
            discount="99999.00",
            status="cancelled",
            is_sale=False,
        ),
        replace(ORDINARY, order_id="17", discount="99999.00", is_test=True),
    ]
    shop.load(Folder(orders), RATES)

    assert warnings(shop) == [
        "3 2 sales_db order 10 line 1: discount 99999.00 USD on 50.00",
        "3 1 sales_db order 11 line 1: discount -500.00 USD",
        "3 1 sales_db order 12: shipping -7.00 USD",
        "3 2 sales_db order 14: 99999.99 EUR refunded of 10.00",
    ]
    assert warnings(shop, date(2026, 3, 3)) == [], (
        "they are warned of by the runs of their day"
    )

    found = read_figures(shop.warehouse, MONDAY, ORIGIN).findings
    (finding,) = [each for each in found if each.kind == "implausible"]
    assert finding.about == ["refund", "sales_db", "14"]
    assert finding.numbers == {
        "amount": Decimal("199999.98"),
        "base_amount": 20,
        "effect": Decimal("-199979.98") - 1 - Decimal("99949") - 5,
        "orders": 4,
    }
    assert sentence(finding, "USD") == (
        "Sales database order 14 has refunds of 199,999.98 on a total of 20.00: "
        "with 3 other orders like it, net sales are 299,934.98 lower."
    )


def priced(order_id, days_ago, *prices, **facts):
    """An order with one line of each SKU, toys-1 and so on."""
    lines = [("Toys", "1", price) for price in prices]
    return Order(order_id, AT - timedelta(days=days_ago), lines, **facts)


def delivered(name, orders, hour):
    """A file of alpenmarkt; its name ends with its day."""
    received = at(f"2026-03-03 {hour:02}:00")
    file = {
        "file": name,
        "sha256": name,
        "received_at": received,
        "order_ids": [each.order_id for each in orders],
    }
    facts = {"source": "partner_files", "channel": "alpenmarkt", "read_at": received}
    orders = [replace(each, **facts) for each in orders]
    return Folder(
        orders,
        source="partner_files",
        files=[file],
        read_at=at(f"2026-03-03 {hour + 1:02}:00"),
    )


def test_a_file_in_another_currency_is_one_warning_until_it_is_corrected(shop):
    # The prices of the third SKU differ by themselves, so it has no usual one.
    usual = [
        priced(f"usual {days_ago}", days_ago, "20.00", "8.00", price)
        for days_ago, price in enumerate(
            ("5.00", "9.00", "300.00", "400.00", "10.00"), 2
        )
    ]
    wrong_day_ago = [priced("late", 1, "19.00", currency="JPY")]
    right = [
        priced("A1", 0, "19.00", "7.50", "700.00"),
        priced("A2", 0, "4.10"),
        priced("A3", 0, "21.00"),
    ]
    yen = [replace(each, currency="JPY") for each in right]
    today = [
        priced("S1", 0, "20.00"),
        priced("S2", 0, "0.00"),
        priced("S3", 0, "1.00", status="cancelled", is_sale=False),
    ]
    rates = [
        (MONDAY - timedelta(days=1), "JPY", "161.5"),
        (MONDAY - timedelta(days=1), "USD", "1.08"),
    ]
    shop.load(Folder([*usual, *today]), Folder(source="exchange_rates", rates=rates))
    assert warnings(shop) == []

    for name, orders, hour in (
        ("alpenmarkt_2026-03-01.csv", wrong_day_ago, 7),
        ("alpenmarkt_2026-03-02.csv", yen, 8),
    ):
        shop.load(delivered(name, orders, hour), run_id=name)
    found = "3 1 alpenmarkt_2026-03-02.csv: 4 of 4 lines with a usual price, 0.35 USD instead of about 68.00"
    assert warnings(shop) == [found]
    results = run_checks(
        [MONDAY],
        spec=ORDERS,
        business_date=MONDAY,
        run_id="alpenmarkt_2026-03-01.csv",
        warehouse=shop.warehouse,
    )
    (prices,) = [each for each in results if each.is_failing]
    assert prices.other_days == "2026-03-01", (
        "of a late file, the run that loaded it warns"
    )
    assert (prices.other_sample or "").startswith(
        "alpenmarkt_2026-03-01.csv: 1 of 1 lines"
    )

    shop.load(delivered("alpenmarkt_2026-03-02.csv", right, 12), run_id="corrected")
    assert warnings(shop) == []
