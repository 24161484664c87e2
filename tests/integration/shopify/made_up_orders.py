"""Orders made up at random, so that everything that Shopify knows meets in a few of them."""

from datetime import timedelta
from decimal import Decimal

from demo.services.shopify import (
    DiscountFacts,
    FeeFacts,
    LineFacts,
    OrderFacts,
    RefundFacts,
    ShippingFacts,
    TaxFacts,
)
from demo.services.shopify.amounts import round_money
from tests.integration.shopify.orders import paid, tip, unit
from tests.integration.shopify.reading import NOON

MINUTE = timedelta(minutes=1)
ADDED = "D"
"""The SKU of the items that an exchange adds."""
KINDS = [
    "gift_card",
    "custom",
    "deleted_product",
    *["goods"] * 6,
]
RATES = [Decimal(rate) for rate in ("0.05", "0.07", "0.19", "0.21")]
BAGS = [
    FeeFacts("Bag", Decimal(1)),
    FeeFacts("Bag", Decimal("1.50")),
    FeeFacts(
        "Bag",
        Decimal(2),
        tax=Decimal(1),
    ),
]
"""One of them costs what the duty of a line does."""
DUTY = Decimal("1.50")
PAYMENTS = [
    None,
    None,
    None,
    [],
    [paid("1", status="FAILURE")],
    [paid("1", kind="VOID")],
    [paid("2")],
    [paid("2"), paid("3", status="PENDING")],
    [paid("9000")],
]
"""Of a refund; None is the payment of all that it lists."""


class OrderMaker:
    """Makes orders with `dice`, a `random.Random`."""

    def __init__(self, dice):
        self.dice = dice

    def order(self, number):
        """An order with its refunds."""
        dice = self.dice
        currency = dice.choice(["USD", "USD", "CAD", "JPY", "KWD"])
        order = OrderFacts(
            number,
            NOON - dice.randrange(600) * MINUTE,
            [self.line(currency) for _ in range(dice.randint(1, 4))],
            shipping=self.parcels(),
            currency=currency,
            duties_place=dice.choice(["own", "fees", "prices"]),
            taxes_included=dice.random() < 0.5,
            refund_subtotals_with_tax=dice.choice([None, True, False]),
            email=f"customer.{number}@example.com",
        )
        if number % 3 == 1:
            # Paid before an edit reduced it: more than most orders cost.
            order.payments = [paid("5000", kind="SALE")]
        if number % 7 == 3:
            order.payments = [paid("20", kind="SALE")]  # a deposit
        if number % 2:
            order.edited_at = NOON + 650 * MINUTE
        if dice.random() < 0.3:
            order.lines.append(tip(self.money(currency)))
        if dice.random() < 0.5:
            order.fees.append(dice.choice(BAGS))
        left = [line.quantity - line.removed for line in order.lines]
        for _ in range(dice.randint(0, 3)):
            self.add_refund(order, left)
        if dice.random() < 0.1:
            order.cancelled_at = NOON + 700 * MINUTE
        return order

    def money(self, currency):
        return round_money(Decimal(self.dice.randint(1, 99_999)) / 100 + 1, currency)

    def taxes(self):
        rates = self.dice.choices(
            RATES,
            k=self.dice.randint(0, 2),
        )
        return [TaxFacts(rate) for rate in rates]

    def line(self, currency):
        dice = self.dice
        quantity = dice.randint(1, 4)
        line = LineFacts(
            dice.choice("ABC"),
            self.money(currency),
            quantity,
        )
        share = dice.choice([0, 0, 10, 33, 100])
        if share:
            discount = round_money(line.price * quantity * share / 100, currency)
            half = round_money(discount / 2, currency)
            line.discounts = [
                DiscountFacts(half),
                DiscountFacts(discount - half),
            ]
        line.taxes = self.taxes()
        line.duty = dice.choice([None, None, DUTY])
        line.removed = dice.choice(
            [
                0,
                0,
                dice.randint(0, quantity),
            ]
        )
        kind = dice.choice(KINDS)
        if kind != "goods":
            setattr(line, kind, True)
        return line

    def parcels(self):
        """Shipping of 5, with a discount or one that was removed."""
        parcel = ShippingFacts(
            Decimal(5),
            taxes=self.taxes(),
        )
        parcel.discount = self.dice.choice([Decimal(0), Decimal(2)])
        removed = ShippingFacts(Decimal(9), removed=True)
        return self.dice.choice(
            [
                [],
                [parcel],
                [parcel, removed],
            ]
        )

    def add_refund(self, order, left):
        """Add a refund of some of the units that are `left` of each line."""
        dice = self.dice
        refund = RefundFacts(NOON + dice.randint(1, 600) * MINUTE)
        for position, available in enumerate(left):
            if available and dice.random() < 0.5:
                units = dice.randint(1, available)
                left[position] -= units
                refund.lines.append(unit(position, units))
        is_return = refund.lines and dice.random() < 0.4
        if is_return:
            refund.return_number = order.number
        if is_return and dice.random() < 0.5:
            order.lines.append(LineFacts(ADDED, self.money(order.currency)))
            refund.exchanged = [len(order.lines) - 1]
        else:
            refund.shipping = dice.choice([Decimal(0), Decimal(1)])
            refund.adjustment = dice.choice(
                [
                    Decimal(0),
                    Decimal(0),
                    Decimal(-3),
                ]
            )
        refund.transactions = dice.choice(PAYMENTS)
        if not any(earlier.duties for earlier in order.refunds):
            duties = sum(line.duty for line in order.lines if line.duty)
            refund.duties = dice.choice([Decimal(0), Decimal(duties)])
        order.refunds.append(refund)
