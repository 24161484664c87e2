"""The oracle against the hand-computed examples of docs/DEFINITIONS.md."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from demo.ledger import (
    PARTNER_FILES,
    SALES_DB,
    STOREFRONT,
    Ledger,
    Line,
    Order,
    Rate,
    Refund,
    RefundLine,
    Snapshot,
)
from tests.oracle import Oracle, rounded

MONDAY = date(2026, 11, 16)
WEDNESDAY = date(2026, 11, 18)
NOON = datetime(2026, 11, 16, 17, tzinfo=UTC)


def line(number=1, gross="100.00", discount="10.00", tax="7.20", **values):
    fixed = {
        "category": "Kitchen",
        "quantity": Decimal(2),
        "unit_price": Decimal(50),
        **values,
    }
    amounts = {
        "gross": Decimal(gross),
        "discount": Decimal(discount),
        "tax": Decimal(tax),
    }
    return Line(
        line_number=number, sku="KIT-001", product_name="Knife", **amounts, **fixed
    )


def order(order_id="7", channel=SALES_DB, lines=None, at=NOON, **values):
    fixed = {
        "partner": "",
        "customer_id": None,
        "email": "ann@example.com",
        "country_code": "US",
    }
    fixed |= {
        "currency": "USD",
        "status": "completed",
        "coupon_code": "TEN",
        "is_test": False,
    }
    fixed |= {
        "shipping": Decimal("5.00"),
        "fee": Decimal(0),
        "ordered_at": at,
        "updated_at": at,
    }
    return Order(
        channel=channel,
        order_id=order_id,
        lines=lines or (line(),),
        status_changed_at=at,
        **(fixed | values),
    )


def refund(amount, refund_id="8", channel=SALES_DB, lines=()):
    at = NOON.replace(day=18)
    return Refund(
        channel, refund_id, "7", "USD", Decimal(amount), Decimal(1), lines, "", at, at
    )


def oracle(*orders, refunds=(), rates=(), **settings):
    snapshot = Snapshot(
        NOON.replace(day=20), (), (), orders, tuple(refunds), (), tuple(rates)
    )
    return Oracle(snapshot, hash_key="a key of the tests", **settings)


def rate(currency, value, day=date(2026, 11, 20)):
    return Rate(day, currency, Decimal(value), datetime(2026, 11, 20, 15, tzinfo=UTC))


def summary(of, day):
    return next(row for row in of.daily_summary if row["business_date"] == day)


def test_an_order_belongs_to_the_day_of_the_shop_wall_clock():
    at = datetime(2026, 11, 19, 4, 59, 59, tzinfo=UTC)
    assert oracle(order(at=at)).orders[0]["business_date"] == date(2026, 11, 18)
    assert oracle(order(at=at), timezone="Europe/Berlin").orders[0][
        "business_date"
    ] == date(2026, 11, 19)


def test_monday_order_and_wednesday_refund():
    lines = (RefundLine(1, Decimal(1), Decimal("45.00"), Decimal("3.60")),)
    told = oracle(
        order(channel=STOREFRONT),
        refunds=[refund("48.60", channel=STOREFRONT, lines=lines)],
    )
    monday, wednesday = summary(told, MONDAY), summary(told, WEDNESDAY)
    assert (monday["gross_sales"], monday["discounts"], monday["net_sales"]) == (
        100,
        10,
        90,
    )
    assert (monday["tax"], monday["shipping"], monday["average_order_value"]) == (
        Decimal("7.20"),
        5,
        90,
    )
    assert (wednesday["returns"], wednesday["net_sales"], wednesday["orders"]) == (
        45,
        -45,
        0,
    )
    assert wednesday["average_order_value"] is None


@pytest.mark.parametrize(
    ("amount", "split"),
    [
        ("5.00", ("5.00", "0", "0")),
        ("102.20", ("90.00", "7.20", "5.00")),
        ("150.00", ("137.80", "7.20", "5.00")),
    ],
)
def test_storefront_refund_that_names_only_an_amount(amount, split):
    row = oracle(
        order(channel=STOREFRONT), refunds=[refund(amount, channel=STOREFRONT)]
    ).refunds[0]
    assert row["line_number"] == 0
    assert row["category"] == "unallocated"
    assert (
        row["merchandise_amount"],
        row["tax_amount"],
        row["shipping_amount"],
    ) == tuple(map(Decimal, split))


def test_a_goodwill_leaves_less_merchandise_for_the_full_refund():
    refunds = [
        refund("97.20", "10", channel=STOREFRONT),
        refund("5.00", "9", channel=STOREFRONT),
    ]
    goodwill, rest = oracle(order(channel=STOREFRONT), refunds=refunds).refunds
    assert goodwill["merchandise_amount"] == 5
    assert (
        rest["merchandise_amount"],
        rest["tax_amount"],
        rest["shipping_amount"],
    ) == (
        85,
        Decimal("7.20"),
        5,
    )


def test_refund_of_an_unknown_order_counts_unallocated_in_the_reporting_currency():
    told = oracle(refunds=[refund("12.00")], reporting_currency="EUR")
    assert told.refunds[0]["currency"] == "EUR"
    assert told.daily_sales == [
        {
            "business_date": WEDNESDAY,
            "source": SALES_DB,
            "channel": "sales_db",
            "category": "unallocated",
            "country_code": "ZZ",
            "currency": "EUR",
            "order_lines": 0,
            "units": 0,
            "gross_sales": 0,
            "discounts": 0,
            "returns": 12,
            "net_sales": -12,
            "gross_sales_reporting": 0,
            "discounts_reporting": 0,
            "returns_reporting": 12,
            "net_sales_reporting": -12,
        }
    ]


@pytest.mark.parametrize(
    "ignored", [{"status": "Cancelled"}, {"status": "gift-wrapped"}, {"is_test": True}]
)
def test_orders_that_do_not_count_are_kept_and_so_are_their_refunds(ignored):
    told = oracle(order(**ignored), refunds=[refund("45.00")])
    assert len(told.orders) == len(told.order_lines) == len(told.refunds) == 1
    assert told.daily_sales == []
    assert (
        summary(told, MONDAY)["gross_sales"] == summary(told, WEDNESDAY)["returns"] == 0
    )


def test_yen_on_a_saturday_take_friday_rates():
    saturday = datetime(2026, 11, 21, 17, tzinfo=UTC)
    rates = [
        rate("USD", "1.08"),
        rate("JPY", "162.00"),
        rate("JPY", "150.00", date(2026, 11, 19)),
    ]
    yen = order(at=saturday, currency="JPY", lines=(line(gross="1620", discount="0"),))
    assert oracle(yen, rates=rates).daily_sales[0]["gross_sales_reporting"] == Decimal(
        "10.80"
    )


@pytest.mark.parametrize(
    ("rate_day", "converts"), [(date(2026, 11, 9), True), (date(2026, 11, 8), False)]
)
def test_a_rate_serves_seven_days_and_is_never_one(rate_day, converts):
    euro = order(currency="EUR", shipping=Decimal(0))
    told = oracle(euro, order("9"), rates=[rate("USD", "2.00", rate_day)])
    figures = {row["currency"]: row["net_sales_reporting"] for row in told.daily_sales}
    assert figures == {"EUR": 180 if converts else None, "USD": 90}
    assert summary(told, MONDAY)["unconverted_orders"] == (0 if converts else 1)
    assert summary(told, MONDAY)["average_order_value"] == (135 if converts else 90)


def test_half_is_rounded_away_from_zero_after_summing():
    assert rounded(Decimal("-0.00005")) == Decimal("-0.0001")
    cents = [
        order(
            str(n), currency="EUR", lines=(line(gross="0.0001", discount="0", tax="0"),)
        )
        for n in range(3)
    ]
    told = oracle(*cents, rates=[rate("USD", "0.5", MONDAY)])
    assert told.daily_sales[0]["gross_sales_reporting"] == Decimal("0.0002")


def test_one_person_in_two_channels_is_one_new_customer_on_the_first_day_only():
    told = oracle(
        order("1", STOREFRONT, email="Ann@Example.com"),
        order("2", PARTNER_FILES, email="ann@example.com ", at=NOON.replace(day=18)),
        order("3", email=None, customer_id="C-1", at=NOON.replace(day=18)),
        order("4", email=None, customer_id=None),
    )
    hashes = [row["customer_hash"] for row in told.orders]
    assert hashes[0] == hashes[1] != hashes[2]
    assert hashes[3] is None
    assert [
        (summary(told, day)["customers"], summary(told, day)["new_customers"])
        for day in (MONDAY, WEDNESDAY)
    ] == [
        (1, 1),
        (2, 1),
    ]


def test_a_cancelled_first_order_does_not_make_a_customer_known():
    told = oracle(order("1", status="cancelled"), order("2", at=NOON.replace(day=18)))
    assert summary(told, WEDNESDAY)["new_customers"] == 1


def test_a_flawed_line_is_left_out_and_the_rest_of_its_order_stays():
    told = oracle(
        order(
            lines=(
                line(1),
                line(2, reject_reason="invalid_quantity", quantity=Decimal(0)),
            )
        )
    )
    assert [row["line_number"] for row in told.order_lines] == [1]
    assert (told.orders[0]["item_count"], told.orders[0]["gross_amount"]) == (1, 100)
    assert told.rejected == {(SALES_DB, "invalid_quantity"): 1}


def test_a_day_without_sales_has_a_summary_of_zeros():
    row = oracle(run_days=[MONDAY], missing={MONDAY: ["storefront"]}).daily_summary[0]
    assert (row["business_date"], row["orders"], row["net_sales"]) == (MONDAY, 0, 0)
    assert (row["complete"], row["missing_sources"]) == (False, ["storefront"])


def test_every_source_is_missing_from_a_day_that_had_no_run():
    row = oracle(order()).daily_summary[0]
    assert row["missing_sources"] == [
        "exchange_rates",
        "partner_files",
        "sales_db",
        "shopify",
        "storefront",
    ]
    row = oracle(order(), off=["shopify", "storefront"]).daily_summary[0]
    assert row["missing_sources"] == ["exchange_rates", "partner_files", "sales_db"]
    assert summary(oracle(order(), run_days=[MONDAY]), MONDAY)["complete"]


def test_the_ledger_gives_every_table_rows_and_adds_up():
    told = Oracle(
        Ledger(date(2026, 11, 2), 3, orders_per_day=60).as_of(NOON),
        hash_key="a key of the tests",
    )
    assert all(told.tables().values())
    for channel in (SALES_DB, STOREFRONT, PARTNER_FILES):
        lines = [
            row
            for row in told.order_lines
            if row["source"] == channel and row["is_sale"] and not row["is_test"]
        ]
        sales = [row for row in told.daily_sales if row["source"] == channel]
        assert (
            sum(row["gross_sales"] for row in sales)
            == sum(row["gross_amount"] for row in lines)
            > 0
        )
