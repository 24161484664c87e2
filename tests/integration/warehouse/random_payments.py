"""Random payments and payouts of two shops with random sales, and reads of them."""

from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal

from tests.integration.warehouse.loadable import Payment, Payout, at
from tests.integration.warehouse.random_sales import DAYS, LAST, RandomSales
from tests.oracle_payments import DECLINED, KINDS, NOT_ARRIVED

DAYS_OF_KIND = {
    "commission": DAYS[13:18],
    "charge": DAYS[15:],
}
"""Some orders are older than the first charge or commission of their channel."""
SOURCES = ("sales_db", "storefront")
PAYMENTS = 60
PAYOUTS = tuple("abcdefgh")
CANCELLED = "cancelled"
"""An unknown order whose payments add up to nothing."""
NOON = at(f"{LAST} 17:00")
NOT_READ = "not read"
"""A payout that no read has whole."""
CURRENCIES = ("USD", "USD", "EUR", "GBP", "JPY", "BRL")
STATUSES = ("paid", "paid", "deposited", *NOT_ARRIVED)
REPEATED = "15.00"
"""The amount of payouts that the bank declines."""
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
    final: int = 0
    before: str | None = None
    is_removed: bool = False


def fixed(source, order_ids):
    """Payments that no read finds otherwise.

    Those of an unknown order add up, in dollars, to nothing only when that is rounded. One has the amount of
    a declined payout, which comes with another payout. Some orders have a charge with a fee.
    """
    payments = []
    for number, amount in enumerate(("10.00", "-1.00", "-2.00", "-7.00")):
        payment = Payment(
            f"cancels {number}",
            CANCELLED,
            NOON,
            amount,
            source=source,
        )
        payment.currency = "JPY"
        payments.append(payment)
    for order_id in order_ids[-23::2]:
        charge = Payment(
            f"of {order_id}", order_id, NOON, "20.00", "0.90", source=source
        )
        payments.append(charge)
    repeated = Payment(
        "repeats",
        None,
        NOON,
        REPEATED,
        "0",
        PAYOUTS[0],
        "other",
    )
    repeated.source = source
    return [*payments, repeated]


class RandomPayments(RandomSales):
    """Two shops, and what successive reads find of their orders and payments."""

    def __init__(self, seed):
        super().__init__(seed)
        self.movements = {source: self._movements(source) for source in SOURCES}

    def reads(self):
        reads = super().reads()
        for number, folders in enumerate(reads):
            for source in SOURCES:
                self._pay(folders[source], number)
        return reads

    def _movements(self, source):
        movements = []
        order_ids = [order.order_id for order in self.orders if order.source == source]
        for number in range(PAYMENTS):
            kind = self.chance.choice([*KINDS, "charge", "charge", "charge"])
            payment = Payment(
                str(number),
                # Some are of no order, or of an unknown one; some orders have none.
                self.chance.choice([None, "unknown", *order_ids[-24::2]]),
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
            final = self.chance.randrange(3)
            before = self.chance.choice([None, *PAYOUTS])
            is_removed = payment.payout_id in PAYOUTS and self.chance.random() < 0.2
            movement = Movement(
                payment,
                final,
                before,
                is_removed,
            )
            movements.append(movement)
        for payment in fixed(source, order_ids):
            movements.append(Movement(payment))
        return movements

    def _pay(self, folder, number):
        """Add to a read what it finds of payments, and some payouts whole."""
        whole = [name for name in PAYOUTS if self.chance.random() < 0.4]
        payments = []
        for movement in self.movements[folder.source]:
            version = self._version(movement, number)
            if version is None:
                continue
            # Who leaves a payout is read with it.
            is_read = {movement.before, version.payout_id}.intersection(whole)
            is_read = is_read or version.order_id == CANCELLED
            if is_read or self.chance.random() < 0.4:
                payments.append(version)
        folder.payments = payments
        folder.payouts = [self._payout(name, folder, number) for name in whole]

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

    def _payout(self, name, folder, number):
        """A payout that its payments explain, or not."""
        sums = Counter()
        for payment in folder.payments:
            if payment.payout_id == name and not payment.is_test:
                sums[payment.currency] += Decimal(payment.amount)
                sums[payment.currency] -= Decimal(payment.fee or 0)
        currency = self.chance.choice([*sums, "USD"])
        amount = sums[currency] + self.chance.choice([0, 0, number])
        status = self.chance.choice(STATUSES)
        if status in DECLINED:
            amount = REPEATED
        return Payout(
            name,
            self.chance.choice(DAYS),
            str(amount),
            status,
            folder.source,
            currency,
        )

    def _instant(self, days=DAYS):
        day = self.chance.choice(days)
        return at(f"{day} {self.chance.choice(['04:30', '17:00'])}")
