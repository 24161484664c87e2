"""Amounts in reporting currency: exact to the last of four decimals, compared with Python's own decimals."""

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal

from tests.integration.warehouse.conftest import MONDAY
from tests.integration.warehouse.loadable import Folder, Order, at

EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
RATES = {
    "USD": "1.0875",
    "JPY": "161.53",
    "GBP": "0.86455",
    "CHF": "0.9412",
    "HUF": "402.1",
    "EUR": "1",
}
RATE_ROWS = [
    (MONDAY, currency, rate) for currency, rate in RATES.items() if currency != "EUR"
]


def converted(amount, currency):
    """In US dollars, unrounded."""
    if currency == "USD":
        return amount
    return EXACT.divide(
        EXACT.multiply(amount, Decimal(RATES["USD"])), Decimal(RATES[currency])
    )


def rounded(amount):
    return amount.quantize(Decimal("0.0001"), context=EXACT)


def test_conversion_and_rounding_are_exact(shop):
    rng = random.Random(20260302)
    # 0.34 EUR are 0.36975 USD at 1.0875: a tie, in an order and in a refund.
    amounts = [
        "0.34",
        "0.0001",
        "99999.9999",
        "12345678901.2345",
        "1234567890.1200",
        "0.3000",
    ]
    amounts += [f"{rng.randint(1, 10**9) / 10**4:.4f}" for _ in range(20)]
    orders = [
        Order(
            f"{currency}-{number}",
            at("2026-03-02 15:00"),
            lines=[(f"{currency} {number}", "1", amount)],
            currency=currency,
            # More is given back than was paid: negative amounts are rounded away from zero too.
            refunds=[
                (
                    f"{currency}-{number}",
                    at("2026-03-02 16:00"),
                    f"{Decimal(amount) * 2}",
                )
            ]
            if number % 3 == 0
            else [],
            tax=amount,
            customer=None,
        )
        for currency in RATES
        for number, amount in enumerate(amounts)
    ]
    orders = [
        each
        for each in orders
        if len(each.lines[0][2]) < 12 or each.currency in ("USD", "EUR")
    ]

    shop.load(Folder(orders), Folder(source="exchange_rates", rates=RATE_ROWS))

    wrong = [
        (row["currency"], figure, row[figure], row[f"{figure}_reporting"])
        for row in shop.rows("daily_sales")
        for figure in ("gross_sales", "discounts", "returns", "net_sales")
        if row[f"{figure}_reporting"]
        != rounded(converted(row[figure], row["currency"]))
    ]
    assert not wrong
    summary = shop.one("daily_summary")
    gross = sum(
        converted(Decimal(order.lines[0][2]), order.currency) for order in orders
    )
    returns = sum(
        converted(Decimal(refund[2]), order.currency)
        for order in orders
        for refund in order.refunds
    )
    assert summary["gross_sales"] == rounded(gross)
    assert summary["returns"] == rounded(returns)
    assert summary["net_sales"] == rounded(gross - returns)
    assert summary["tax"] == rounded(gross)
    assert summary["average_order_value"] == rounded(gross / len(orders))
    amounts = ("gross_amount", "unit_price", "amount_after_discount", "tax_amount")
    lines = {
        row["order_id"]: {row[name] for name in amounts}
        for row in shop.rows("order_lines_reporting", "order_id", *amounts)
    }
    assert lines == {
        order.order_id: {rounded(converted(Decimal(order.lines[0][2]), order.currency))}
        for order in orders
    }


def test_an_amount_without_rate_stays_unconverted_until_the_rate_arrives(shop):
    in_yen = Order(
        "1",
        at("2026-03-02 15:00"),
        lines=[("Toys", "1", "1000")],
        currency="JPY",
        customer="ann",
    )
    no_rate = Folder(
        source="exchange_rates", rates=[(MONDAY, "JPY", "0"), (MONDAY, "USD", "1.1")]
    )
    shop.load(
        Folder([in_yen, replace(in_yen, order_id="2", currency="USD", customer="bob")]),
        no_rate,
    )
    assert shop.by("daily_sales", "currency", "net_sales_reporting") == {
        "JPY": None,
        "USD": Decimal(1000),
    }
    assert shop.one(
        "daily_summary",
        "gross_sales",
        "orders",
        "unconverted_orders",
        "average_order_value",
    ) == {
        "gross_sales": Decimal(1000),
        "orders": 2,
        "unconverted_orders": 1,
        "average_order_value": Decimal(1000),
    }

    result = shop.load(
        Folder(source="exchange_rates", rates=RATE_ROWS),
        day=date(2026, 3, 5),
        run_id="later",
    )

    assert MONDAY in result.touched_days
    expected = rounded(converted(Decimal(1000), "JPY"))
    assert shop.by("daily_sales", "currency", "net_sales_reporting")["JPY"] == expected
    assert shop.by("daily_summary", "business_date", "unconverted_orders")[MONDAY] == 0
    again = shop.load(
        Folder(source="exchange_rates", rates=RATE_ROWS),
        day=date(2026, 3, 6),
        run_id="again",
    )
    assert again.touched_days == [date(2026, 3, 6)], "known rates change nothing"

    dollars = Folder(source="exchange_rates", rates=[(MONDAY, "USD", "2.2")])
    corrected = shop.load(dollars, day=date(2026, 3, 7), run_id="corrected")
    assert MONDAY in corrected.touched_days, "a rate of the reporting currency"


def test_a_rate_serves_for_seven_days(shop):
    week_ago = MONDAY - timedelta(days=7)
    orders = [
        Order(
            currency,
            at("2026-03-02 15:00"),
            lines=[("Toys", "1", "10")],
            currency=currency,
            customer=None,
        )
        for currency in ("CHF", "SEK", "USD")
    ]
    rates = [
        (week_ago + timedelta(days=2), "USD", "1.1"),
        (week_ago, "CHF", "0.99"),
        (week_ago - timedelta(days=1), "CHF", "0.5"),
        (week_ago - timedelta(days=1), "SEK", "10"),
    ]
    shop.load(Folder(orders))
    later = shop.load(
        Folder(source="exchange_rates", rates=rates),
        day=date(2026, 3, 5),
        run_id="later",
    )

    assert MONDAY in later.touched_days, (
        "also where the rate is the last one that serves it"
    )
    assert shop.by("daily_sales", "currency", "net_sales_reporting") == {
        "CHF": Decimal("11.1111"),
        "SEK": None,
        "USD": Decimal(10),
    }
    dates = shop.by("order_lines_reporting", "currency", "rate_date")
    assert dates == {"CHF": week_ago, "SEK": None, "USD": None}
    rates = shop.by("order_lines_reporting", "currency", "rate")
    assert rates == {"CHF": Decimal("1.111111111"), "SEK": None, "USD": 1}
