"""Views of orders, returns, customers, coupons and products have the rows of an oracle without SQL."""

import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from tests.integration.conftest import FULL_MATRIX
from tests.integration.customer_views import check_views
from tests.integration.warehouse.conftest import open_shop
from tests.integration.warehouse.loadable import Folder, Order, at, business_date
from tests.oracle_customers import MOST_DIVIDED, CustomerOracle

FIRST = at("2025-10-03 15:00")
LAST_DAY = date(2026, 3, 2)
CATEGORIES = ("Toys", "Garden", "Cups")
PRODUCTS = ("A", "B", "C", "c", None)
COUPONS = (None, None, "SPRING", "spring, VIP", "VIP,WELCOME,vip", " ")
RATES = {
    "EUR": "1",
    "USD": "1.0917",
    "GBP": "0.9173",
    "JPY": "161.37",
    "KWD": "0.33417",
}
"""Units per euro. The real has none."""
LAST_POUND = FIRST.date() + timedelta(days=112)
"""The day of the last rate of the pound: a refund may have none where its order has one."""
CURRENCIES = ("USD", "USD", "EUR", "GBP", "JPY", "KWD", "BRL")
REPORTING_CURRENCIES = ("USD", "JPY", "KWD")


def random_orders(seed):
    """Orders of two sources over five months, with guests, several currencies and all kinds of refunds."""
    chance = random.Random(seed)
    orders = []
    for number in range(chance.randint(20, 80)):
        buyer = chance.choice([None, *"abcdefghij"])
        currency = chance.choice(CURRENCIES)
        coupon = chance.choice(COUPONS)
        if chance.random() < 0.1:
            # None of this customer's orders, and none with this code, has an exchange rate.
            buyer = "k"
            currency = "BRL"
            coupon = "BRASIL"
        # Some orders are of the same second.
        minutes = chance.randint(0, 215_000) if chance.random() < 0.8 else 777
        ordered_at = FIRST + timedelta(minutes=minutes)
        lines = []
        for _ in range(chance.randint(1, 4)):
            # Some lines are vouchers.
            cents = chance.choice([1, 1, 1, 1, -1]) * chance.randint(1, 20_000)
            category = chance.choice(CATEGORIES)
            lines.append((category, "1", str(Decimal(cents) / 100)))
        order = Order(
            str(number),
            ordered_at,
            lines=lines,
            products=[chance.choice(PRODUCTS) for _ in lines],
            source=chance.choice(["sales_db", "storefront"]),
            is_sale=chance.random() < 0.9,
            is_test=chance.random() < 0.1,
            currency=currency,
            country_code=chance.choice(["US", "DE", None]),
            customer=buyer,
            coupon=coupon,
            tax=random_amount(chance, 3_000),
            shipping=random_amount(chance, 900),
        )
        if chance.random() < 0.3:
            order.discount = lines[0][2]
        add_refunds(order, chance)
        orders.append(order)
    goods = [("Toys", "1", "1.00")] * 201
    skus = ["A", "B", "C"] * 67
    orders.append(Order("wholesale", orders[0].ordered_at, goods, skus))
    return orders


def random_amount(chance, most_cents):
    return str(Decimal(chance.randint(1, most_cents)) / 100)


def add_refunds(order, chance):
    """Add up to eight refunds, some at the same instant: of a line, of the whole order, or of a line with an
    amount of the whole order, which is negative for a fee that the shop keeps."""
    whole = []
    of_lines = []
    most_cents = chance.choice([4_000, 15_000])
    for number in range(chance.choice([0, 0, 1, 3, 8])):
        made_at = order.ordered_at + timedelta(days=chance.randint(0, 4))
        refund = f"{order.order_id}-{number}", made_at
        kind = chance.choice(
            ["line", "whole", "whole", "line and rest", "line and fee"]
        )
        if kind != "whole":
            line = chance.randint(1, len(order.lines))
            of_lines.append((*refund, random_amount(chance, most_cents), line))
        if kind == "line and fee":
            whole.append((*refund, f"-{random_amount(chance, 1_000)}"))
        elif kind != "line":
            whole.append((*refund, random_amount(chance, most_cents)))
    order.refunds = whole
    order.line_refunds = of_lines


def rates_in(reporting_currency):
    """The rate of a currency on a day."""

    def rate(currency, day):
        is_outdated = currency == "GBP" and day > LAST_POUND + timedelta(days=7)
        if currency not in RATES or is_outdated:
            return None
        return Fraction(RATES[reporting_currency]) / Fraction(RATES[currency])

    return rate


SEEDS = range(12) if FULL_MATRIX else range(3)


@pytest.fixture(
    params=[0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in SEEDS[1:])]
)
def loaded(request, bigquery_emulator, monkeypatch, tmp_path, lend_dataset):
    """A warehouse in one of the reporting currencies, and the truth about it."""
    currency = REPORTING_CURRENCIES[request.param % len(REPORTING_CURRENCIES)]
    orders = random_orders(request.param)
    rates = []
    for days in range(-7, 170, 7):
        day = FIRST.date() + timedelta(days=days)
        for name, value in RATES.items():
            # The euro has no row of its own.
            if name != "EUR" and not (name == "GBP" and day > LAST_POUND):
                rates.append((day, name, value))
    folders = [
        Folder([each for each in orders if each.source == source], source=source)
        for source in ("sales_db", "storefront")
    ]
    folders.append(Folder(source="exchange_rates", rates=rates))
    truth = CustomerOracle(orders, business_date, rates_in(currency), currency=currency)
    # Views have the currency with which they were made.
    with lend_dataset(f"shop_{currency}") as dataset:
        shop = open_shop(bigquery_emulator, monkeypatch, tmp_path, dataset, currency)
        shop.load(*folders, day=LAST_DAY)
        yield shop, truth


def test_every_view_has_the_rows_of_the_oracle(loaded):
    shop, oracle = loaded
    check_views(shop.rows, oracle)


def test_a_share_never_returns_more_of_a_line_than_it_cost(loaded):
    shop, oracle = loaded
    orders = {}
    for order in oracle.orders:
        if order.currency == oracle.currency:
            orders[order.source, order.order_id] = order
    shares = [row for row in shop.rows("return_lines_reporting") if row["is_share"]]
    shares.sort(key=lambda row: (row["refunded_at"], row["refund_id"]))
    returned = defaultdict(Decimal)
    for row in shares:
        order = orders.get((row["source"], row["order_id"]))
        if order is None:
            continue
        line = row["source"], row["order_id"], row["line_number"]
        returned[line] += row["returns"]
        named = Decimal(0)
        for _, made_at, amount, number in order.line_refunds:
            if number == row["line_number"] and made_at <= row["refunded_at"]:
                named += Decimal(amount)
        assert row["returns"] > 0
        assert returned[line] + named <= order.net_amounts()[row["line_number"]], line


def shares_of(shop):
    """The shares of refunds of whole orders by refund and line; line 0 has what is not divided."""
    shares = defaultdict(dict)
    for row in shop.rows("return_lines_reporting"):
        if row["is_share"] or row["line_number"] == 0:
            shares[row["refund_id"]][row["line_number"]] = row["returns"]
    return dict(shares)


KNIFE_AND_POT = [("Knives", "1", "50.00"), ("Pots", "1", "30.00")]


def hours_later(hours):
    return FIRST + timedelta(hours=hours)


def test_earlier_shares_reduce_what_is_left_of_a_line(shop):
    order = Order("1", FIRST, lines=KNIFE_AND_POT)
    order.refunds = [("a", hours_later(1), "40.00"), ("c", hours_later(3), "15.00")]
    order.line_refunds = [("b", hours_later(2), "25.00", 1)]
    shop.load(Folder([order]))
    assert shares_of(shop) == {"a": {1: 25, 2: 15}, "c": {2: 15}}


def test_a_line_that_refunds_name_for_more_than_is_left_has_no_further_share(shop):
    order = Order("1", FIRST, lines=KNIFE_AND_POT)
    order.refunds = [("a", hours_later(1), "40.00"), ("c", hours_later(3), "20.00")]
    order.line_refunds = [("b", hours_later(2), "50.00", 1)]
    shop.load(Folder([order]))
    assert shares_of(shop) == {"a": {1: 25, 2: 15}, "c": {2: 15, 0: 5}}


def test_many_refunds_of_a_whole_order_are_not_divided(shop):
    order = Order("1", FIRST, lines=KNIFE_AND_POT)
    for number in range(20):
        refund_id = f"{number:03}"
        order.refunds = [*order.refunds, (refund_id, hours_later(number), "0.08")]
    shop.load(Folder([order]), day=LAST_DAY)
    expected = {}
    for number in range(20):
        is_divided = number < MOST_DIVIDED
        shares = {1: Decimal("0.05"), 2: Decimal("0.03")}
        expected[f"{number:03}"] = shares if is_divided else {0: Decimal("0.08")}
    assert shares_of(shop) == expected


@pytest.mark.parametrize(("day", "is_complete"), [("27", False), ("28", True)])
def test_a_month_is_complete_on_its_last_day(shop, day, is_complete):
    orders = [
        Order("1", at("2026-01-31 15:00")),
        Order("2", at(f"2026-02-{day} 15:00")),
    ]
    shop.load(Folder(orders))
    months = shop.by("customer_cohorts", "months_since", "is_complete")
    assert months == {0: True, 1: is_complete}


SEGMENTS = {
    "new": [(1, 4, 1), (1, 5, 1)],
    "one order": [(1, 3, 1)],
    "lost after one order": [(1, 1, 1), (1, 2, 1)],
    "best": [(4, 4, 4), (5, 5, 5), (5, 5, 5)],
    "best, at risk": [(4, 1, 4), (4, 2, 4), (5, 1, 5)],
    "loyal": [(2, 4, 2), (3, 3, 3), (3, 4, 3), (3, 5, 3), (4, 3, 4), (5, 3, 5)],
    "at risk": [(2, 1, 2), (2, 2, 2), (3, 2, 3)],
}
"""Orders, recency and frequency of 20 customers, by segment. Four customers have each recency. Equal
numbers of orders have the same frequency."""


@pytest.fixture(scope="module")
def scored_customers(bigquery_emulator, lend_dataset, tmp_path_factory):
    """Orders, recency and frequency of the customers of each segment in a shop with those of `SEGMENTS`."""
    wanted = []
    for customers in SEGMENTS.values():
        wanted += customers
    wanted.sort(key=lambda customer: customer[1])
    orders = []
    for day, (count, _, _) in enumerate(wanted):
        for number in range(count):
            ordered_at = FIRST + timedelta(days=100 + day - 30 * number)
            order_id = f"{day}-{number}"
            orders.append(Order(order_id, ordered_at, customer=f"customer {day}"))
    folder = tmp_path_factory.mktemp("segments")
    found = defaultdict(list)
    with pytest.MonkeyPatch.context() as patch, lend_dataset() as dataset:
        shop = open_shop(bigquery_emulator, patch, folder, dataset)
        shop.load(Folder(orders), day=LAST_DAY)
        for row in shop.rows("customer_value"):
            scores = row["orders"], row["recency"], row["frequency"]
            found[row["segment"]].append(scores)
    return found


@pytest.mark.parametrize("segment", SEGMENTS)
def test_a_segment_has_the_customers_of_its_rule(scored_customers, segment):
    assert sorted(scored_customers[segment]) == sorted(SEGMENTS[segment])
