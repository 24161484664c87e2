"""Amounts in reporting currency: exact to the last of four decimals, compared with Python's own fractions."""

import random
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from tests.integration.warehouse.conftest import MONDAY
from tests.integration.warehouse.loadable import Folder, Order, at
from tests.oracle_customers import rounded

RATES = {
    "USD": "1.0875",
    "JPY": "161.53",
    "GBP": "0.86455",
    "CHF": "0.9412",
    "HUF": "402.1",
    "EUR": "1",
}
RATE_ROWS = [(MONDAY, name, rate) for name, rate in RATES.items() if name != "EUR"]
AMOUNTS = (
    # These are EUR 0.34 and USD 0.36975: a tie, in an order and in a refund.
    "0.34",
    "0.0001",
    "99999.9999",
    "1234567890.1200",
    "0.3000",
)
LARGEST = "12345678901.2345"
NOON = at("2026-03-02 15:00")
LATER = at("2026-03-02 16:00")


def converted(amount, currency):
    """In US dollars, unrounded."""
    return Fraction(amount) * Fraction(RATES["USD"]) / Fraction(RATES[currency])


def random_orders():
    """Orders of one line in each currency, some of which are refunded."""
    chance = random.Random(20260302)
    amounts = [*AMOUNTS]
    for _ in range(20):
        amounts.append(str(Decimal(chance.randint(1, 10**9)).scaleb(-4)))
    orders = []
    for currency in RATES:
        largest = [LARGEST] if currency in ("USD", "EUR") else []
        for number, amount in enumerate(amounts + largest):
            name = f"{currency} {number}"
            order = Order(
                name,
                NOON,
                lines=[(name, "1", amount)],
                customer=None,
            )
            order.currency = currency
            order.tax = amount
            if number % 3 == 0:
                # More is given back than was paid: negative amounts are rounded away from zero, too.
                order.refunds = [(name, LATER, str(Decimal(amount) * 2))]
            orders.append(order)
    return orders


def test_conversion_and_rounding_are_exact(shop):
    orders = random_orders()
    shop.load(Folder(orders), Folder(source="exchange_rates", rates=RATE_ROWS))

    for row in shop.rows("daily_sales"):
        for figure in ("gross_sales", "discounts", "returns", "net_sales"):
            exact = converted(row[figure], row["currency"])
            assert row[f"{figure}_reporting"] == rounded(exact), (figure, row)
    gross = returns = Fraction(0)
    lines = {}
    for order in orders:
        amount = converted(order.lines[0][2], order.currency)
        gross += amount
        returns += 2 * amount if order.refunds else 0
        lines[order.order_id] = rounded(amount)
    summary = shop.one("daily_summary")
    assert summary["gross_sales"] == summary["tax"] == rounded(gross)
    assert summary["returns"] == rounded(returns)
    assert summary["net_sales"] == rounded(gross - returns)
    assert summary["average_order_value"] == rounded(gross / len(orders))
    for column in ("gross_amount", "unit_price", "amount_after_discount", "tax_amount"):
        assert shop.by("order_lines_reporting", "order_id", column) == lines


def test_rates_of_an_older_read_do_not_replace_those_of_an_export(shop):
    """An amount of a month that was exported keeps the rates that the export has read."""

    def load_rate(rate, read_at, **options):
        rates = [(MONDAY, "GBP", rate)]
        shop.load(
            Folder(
                [],
                "exchange_rates",
                read_at,
                rates=rates,
            ),
            **options,
        )

    of_export = {"dag_id": "sales_history_load", "status": "history"}
    load_rate(
        "0.9",
        "2026-03-05 11:00",
        run_id="export",
        **of_export,
    )
    load_rate("0.8", "2026-03-04 11:00")
    assert shop.one("exchange_rates")["rate"] == Decimal("0.9")
    load_rate("0.7", "2026-03-06 11:00", run_id="newer")
    assert shop.one("exchange_rates")["rate"] == Decimal("0.7")


def test_rates_that_are_known_change_no_day(shop):
    """A rate serves for seven days; another one of the reporting currency changes all amounts."""
    week_ago, thursday, friday, saturday = (
        MONDAY + timedelta(days=days) for days in (-7, 3, 4, 5)
    )
    dollars = Folder(source="exchange_rates", rates=[(MONDAY, "USD", "1.1")])
    shop.load(Folder([Order("1", NOON, currency="CHF")]), dollars)

    def load_rates(dollars, day):
        rates = [(week_ago, "CHF", "0.99"), (MONDAY, "USD", dollars)]
        folder = Folder(source="exchange_rates", rates=rates)
        return shop.load(folder, day=day, run_id=str(day)).touched_days

    assert MONDAY in load_rates("1.1", thursday)
    columns = ("currency", "rate_date", "rate")
    rates = shop.tuples("order_lines_reporting", *columns)
    assert rates == [("CHF", week_ago, Decimal("1.111111111"))]
    assert load_rates("1.1", friday) == [friday]
    assert MONDAY in load_rates("2.2", saturday)
