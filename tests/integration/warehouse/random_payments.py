"""Random orders, payments and payouts of two shops, and reads of them; both shops use the same few ids."""

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from tests.integration.warehouse.loadable import (
    Folder,
    Order,
    Payment,
    Payout,
    at,
)
from tests.oracle_payments import KINDS, NOT_ARRIVED

LAST = date(2026, 3, 2)
DAYS = [LAST - timedelta(days=back) for back in range(39, -1, -1)]
DAYS_OF_KIND = {"commission": DAYS[21:26], "charge": DAYS[23:]}
"""Some orders are older than the first charge or commission of their channel."""
SOURCES = ("shopify", "storefront")
READS = 3
ORDERS = 24
PAYMENTS = 60
PAYOUTS = tuple("abcdefgh")
CANCELLED = "cancelled"
"""An unknown order whose payments add up to nothing."""
NOON = at(f"{LAST} 17:00")
NOT_READ = "not read"
"""A payout that no read has whole."""
RATES = {"GBP": "0.8533", "JPY": "161.37"}
"""Units per euro. The real has none; the pound has none on the last days. The dollar changes every day."""
CURRENCIES = ("USD", "USD", "EUR", "GBP", "JPY", "BRL")
NO_POUND = LAST - timedelta(days=10)
STATUSES = ("paid", "paid", "deposited", *NOT_ARRIVED)
FEES = (None, None, "0", "0.30", "1.2345", "-0.50")
KEPT_FEES = ("2.90", "0")
"""Fees of older versions."""


@dataclass
class Movement:
    """The last version of a payment, and its history.

    `final` is the read from which on it is as it is. Before, it waits, is in the payout `before`, or is not
    found. A removed one is in its payout until then, and in no read after.
    """

    payment: Payment
    final: int
    before: str | None
    is_removed: bool
    versions: dict[int, Payment] = field(default_factory=dict)


class RandomPayments:
    """Two shops, and what successive reads find of them."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.orders = {source: self._orders(source) for source in SOURCES}
        self.movements = {source: self._movements(source) for source in SOURCES}
        self.sold_by = self._reads_of_orders()

    def reads(self):
        """The folders of each read, with the exchange rates; equal keys are in one read or in several."""
        reads = []
        for number in range(READS):
            folders = []
            for source in SOURCES:
                folders.append(self._folder(source, number))
            rates = [(day, *rate) for day in DAYS for rate in rates_of(day)]
            read_at = folders[0].read_at
            folders.append(Folder([], "exchange_rates", read_at, rates=rates))
            reads.append(folders)
        return reads

    def _orders(self, source):
        orders = []
        # Orders of the same id differ in both shops; one has an order less.
        for number in range(SOURCES.index(source), ORDERS):
            ordered_at = self._instant(DAYS[20:26])
            lines = []
            for _ in range(self.chance.choice([1, 1, 2, 3])):
                category = self.chance.choice(["Toys", "Cups"])
                amount = self.chance.choice(["19.99", "-5.00", "5.00", "0.00", "60"])
                lines.append((category, "1", amount))
            if number % 6 == 0:
                # An order of no amount, whose fees are divided by the number of its lines.
                lines = [("Toys", "1", "10.00"), ("Cups", "1", "-10.00")]
            costs = [self.chance.choice(["4.00", "1.2345", None]) for _ in lines]
            order = Order(
                str(number),
                ordered_at,
                lines,
                products=[self.chance.choice(["A", "B", None]) for _ in lines],
                unit_costs=costs,
                source=source,
                currency=self.chance.choice(CURRENCIES),
                is_sale=self.chance.random() < 0.8,
                is_test=self.chance.random() < 0.15,
                channel=self.chance.choice(["web", "till"]),
                customer=None,
                discount=self.chance.choice(["0", "0", "5.00"]),
                tax=self.chance.choice(["0", "1.70"]),
                shipping=self.chance.choice(["0", "4.90"]),
                fee=self.chance.choice(["0", "2.00"]),
            )
            self._refund(order)
            orders.append(order)
        return orders

    def _refund(self, order):
        kind = self.chance.choice(["none", "whole", "whole", "line"])
        later = order.ordered_at + timedelta(days=self.chance.randint(0, 9))
        refund_id = f"r{order.order_id}"
        if kind == "whole":
            order.refunds = [(refund_id, later, "3.00", "0.30", "0.20")]
        if kind == "line":
            cost = self.chance.choice([(), ("1.00",)])
            order.line_refunds = [(refund_id, later, "2.50", 1, *cost)]

    def _movements(self, source):
        movements = []
        for number in range(PAYMENTS):
            kind = self.chance.choice([*KINDS, "charge", "charge", "charge"])
            payment = Payment(
                str(number),
                # Some are of no order, or of one that orders lacks; some orders have none.
                self.chance.choice([None, *map(str, range(0, ORDERS + 6, 2))]),
                self._instant(DAYS_OF_KIND.get(kind, DAYS)),
                self.chance.choice(["10.00", "20.00", "-7.00", "0.00", "33.3333"]),
                fee=self.chance.choice(FEES),
                payout_id=self.chance.choice([None, None, NOT_READ, *PAYOUTS]),
                kind=kind,
                gateway=self.chance.choice([None, "cards", "bank", "cash"]),
                source=source,
                currency=self.chance.choice(CURRENCIES),
                is_test=self.chance.random() < 0.1,
            )
            if payment.gateway == "cash":
                payment.payout_id = None
            final = self.chance.randrange(READS)
            before = self.chance.choice([None, *PAYOUTS])
            is_removed = payment.payout_id in PAYOUTS and self.chance.random() < 0.2
            movement = Movement(payment, final, before, is_removed)
            movements.append(movement)
        return movements + self._cancelling(source)

    def _cancelling(self, source):
        """Payments of an unknown order whose amounts in dollars add up to nothing only when it is rounded."""
        movements = []
        for number, amount in enumerate(("10.00", "-1.00", "-2.00", "-7.00")):
            payment = Payment(f"cancels {number}", CANCELLED, NOON, amount)
            payment.source = source
            payment.currency = "JPY"
            movements.append(Movement(payment, 0, None, is_removed=False))
        return movements

    def _reads_of_orders(self):
        """The read that finds each order, by source and id."""
        found = {}
        for source in SOURCES:
            for order in self.orders[source]:
                found[source, order.order_id] = self.chance.randrange(READS)
        return found

    def _folder(self, source, number):
        read_at = at(f"2026-03-03 {11 + number}:00")
        orders = []
        for order in self.orders[source]:
            if self.sold_by[source, order.order_id] == number:
                orders.append(order)
        whole = {name for name in PAYOUTS if self.chance.random() < 0.4}
        payments = []
        for movement in self.movements[source]:
            version = self._version(movement, number)
            if version is None:
                continue
            # Who leaves a payout is read with it.
            is_read = {movement.before, version.payout_id} & whole
            is_read = is_read or version.order_id == CANCELLED
            if is_read or self.chance.random() < 0.4:
                payments.append(version)
        payouts = [self._payout(name, source, payments, number) for name in whole]
        return Folder(orders, source, read_at, payments=payments, payouts=payouts)

    def _version(self, movement, number):
        """A payment as a read finds it; None where it does not."""
        payment = movement.payment
        if movement.is_removed:
            return payment if number < max(movement.final, 1) else None
        if number >= movement.final:
            return payment
        if number == 0:
            return None
        older = replace(
            payment,
            payout_id=movement.before,
            amount=self.chance.choice(["1.00", "-2.00"]),
            kind="charge",
            fee=self.chance.choice([None, *KEPT_FEES]),
        )
        if self.chance.random() < 0.5:
            older.processed_at = self._instant()
        if self.chance.random() < 0.4:
            older.currency = "EUR"
        return older

    def _payout(self, name, source, payments, number):
        """A payout that its payments explain, or not."""
        sums = Counter()
        for payment in payments:
            if payment.payout_id == name and not payment.is_test:
                sums[payment.currency] += Decimal(payment.amount)
                sums[payment.currency] -= Decimal(payment.fee or 0)
        currency = self.chance.choice([*sums, "USD"])
        amount = sums[currency] + self.chance.choice([0, 0, number])
        return Payout(
            name,
            self.chance.choice(DAYS),
            str(amount),
            self.chance.choice(STATUSES),
            source,
            currency,
        )

    def _instant(self, days=DAYS):
        day = self.chance.choice(days)
        return at(f"{day} {self.chance.choice(['04:30', '17:00'])}")


def rates_of(day):
    """The currencies and rates that are published on a day."""
    yield "USD", dollars(day)
    for currency, rate in RATES.items():
        # A rate serves for seven days.
        if currency != "GBP" or day <= NO_POUND - timedelta(days=7):
            yield currency, rate


def exact_rate(currency, day):
    """What a unit of a currency is worth in dollars; None without an exchange rate."""
    if currency == "USD":
        return Fraction(1)
    is_missing = currency == "GBP" and day > NO_POUND
    # The first instants are of the evening before the first day.
    if currency == "BRL" or is_missing or day < DAYS[0]:
        return None
    return Fraction(dollars(day)) / Fraction(RATES.get(currency, "1"))


def dollars(day):
    """Dollars for a euro on a day."""
    return Decimal("1.0875") + Decimal(day.day) / 1000
