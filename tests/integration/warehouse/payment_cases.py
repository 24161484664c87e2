"""What happens to payments and payouts: cases, each with what the warehouse then shows of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from tests.integration.warehouse.loadable import Order, Payment, Payout, at

JANUARY = at("2026-01-28 17:00")
LONG_AGO = at("2026-02-05 17:00")
"""25 days before the newest day: overdue."""
LATELY = at("2026-02-27 17:00")
EURO = "EUR"


@dataclass
class Read:
    """What one read finds. `hour`: when it began; unless given, reads follow each other by the hour."""

    payments: Sequence[Payment] = ()
    payouts: Sequence[Payout] = ()
    hour: int | None = None


@dataclass
class Case:
    """Orders and the reads of their payments, in the order in which they are loaded.

    Ids, gateways, channels and categories are those of the case alone: see `named`. What is expected are some
    columns: of `payments` by payment id (None: it is not there), of `payout_reconciliation` by payout id, of
    `order_payments` by order id, and of `contribution_margin`, where all lines are of one product.
    """

    name: str
    reads: Sequence[Read]
    orders: Sequence[Order] = ()
    payments: dict[str, dict | None] = field(default_factory=dict)
    payouts: dict[str, dict] = field(default_factory=dict)
    by_order: dict[str, dict] = field(default_factory=dict)
    margin: dict | None = None

    def key(self, own):
        """An id of the case in the warehouse."""
        return None if own is None else f"{self.name}: {own}"

    def named_orders(self):
        """The orders as they are loaded."""
        orders = []
        for order in self.orders:
            lines = [(self.name, *line[1:]) for line in order.lines]
            named = replace(
                order,
                refunds=self._named_refunds(order.refunds),
                line_refunds=self._named_refunds(order.line_refunds),
                order_id=self.key(order.order_id),
                lines=lines,
                products=["sku"] * len(lines),
                channel=self.key(order.channel or "shop"),
                customer=None,
            )
            orders.append(named)
        return orders

    def _named_refunds(self, refunds):
        return [(self.key(refund_id), *values) for refund_id, *values in refunds]

    def named_read(self, number):
        """The payments and payouts of a read as they are loaded."""
        if number >= len(self.reads):
            return [], []
        read = self.reads[number]
        read_at = read_at_of(number if read.hour is None else read.hour)
        payments = []
        for payment in read.payments:
            named = replace(
                payment,
                payment_id=self.key(payment.payment_id),
                order_id=self.key(payment.order_id),
                payout_id=self.key(payment.payout_id),
                gateway=self.key(payment.gateway),
                read_at=payment.read_at or read_at,
            )
            payments.append(named)
        payouts = []
        for payout in read.payouts:
            payout_id = self.key(payout.payout_id)
            payouts.append(replace(payout, payout_id=payout_id, read_at=read_at))
        return payments, payouts


def read_at_of(hour):
    """When a read began."""
    return at(f"2026-03-03 {10 + hour}:00")


def sold(order_id="1", ordered_at=LATELY, amount="100.00", **values):
    """An order of Shopify with one line."""
    values = {"lines": [("", "1", amount)], "source": "shopify"} | values
    return Order(order_id, ordered_at, **values)


def paid(payment_id="p", amount="100.00", fee=None, payout=None, order="1", **values):
    """A payment of an order."""
    processed_at = values.pop("processed_at", LATELY)
    return Payment(payment_id, order, processed_at, amount, fee, payout, **values)


def payout(amount, payout_id="a", **values):
    """A payout that has arrived."""
    return Payout(
        payout_id, values.pop("issued_on", date(2026, 3, 2)), amount, **values
    )


CASES = [
    Case(
        "a fee that is read later",
        [
            Read([paid()]),
            Read([paid(fee="3.20", payout="a")], [payout("96.80")]),
        ],
        [sold(unit_costs=["40"])],
        payments={"p": {"fee_amount": "3.20", "net_amount": "96.80"}},
        payouts={"a": {"charges": 100, "fees": "3.20", "unexplained": 0, "orders": 1}},
        by_order={"1": {"charged": 100, "fees": "3.20", "paid_out": "96.80"}},
        margin={"net_sales": 100, "fees": "3.20", "contribution": "56.80"},
    ),
    Case(
        "a fee that a later read lacks",
        [Read([paid(fee="3.20")]), Read([paid(amount="90.00")])],
        [sold()],
        payments={
            "p": {"amount": 90, "fee_amount": "3.20", "net_amount": "86.80"},
        },
        by_order={"1": {"charged": 90, "fees": "3.20"}},
    ),
    Case(
        "a fee of an older read that is loaded later",
        [Read([paid(amount="90.00")], hour=2), Read([paid(fee="3.20")], hour=1)],
        payments={"p": {"amount": 90, "fee_amount": "3.20", "net_amount": "86.80"}},
    ),
    Case(
        "a fee in another currency than the newest read",
        [Read([paid(fee="3.20", currency=EURO)]), Read([paid(amount="110.00")])],
        payments={"p": {"currency": "USD", "fee_amount": None, "net_amount": None}},
    ),
    Case(
        "an older fee is not the newest",
        [
            Read([paid(fee="3.20")], hour=2),
            Read([paid(amount="80.00", fee="9.99")], hour=1),
        ],
        payments={"p": {"amount": 100, "fee_amount": "3.20"}},
    ),
    Case(
        "a payout that is read again without a payment",
        [
            Read([paid(payout="a"), paid("q", payout="a")], [payout("200")]),
            Read([paid(payout="a")], [payout("100")]),
            Read([paid(payout="a"), paid("q", payout="a")], [payout("200")], hour=0),
        ],
        payments={"p": {"payout_id": "a"}, "q": None},
        payouts={"a": {"amount": 100, "payments": 1, "unexplained": 0}},
    ),
    Case(
        "a payout that is read again without payments",
        [
            Read([paid(payout="a")], [payout("100")]),
            Read([], [payout("0")]),
        ],
        payments={"p": None},
        payouts={"a": {"payments": 0, "orders": 0, "charges": 0, "unexplained": 0}},
    ),
    Case(
        "a payment that an older read of its payout lacks",
        [
            Read([paid(payout="a")], [payout("100")], hour=1),
            Read([], [payout("0")], hour=0),
        ],
        payments={"p": {"payout_id": "a"}},
        payouts={"a": {"amount": 100, "unexplained": 0}},
    ),
    Case(
        "a payment that waited, and whose payout was read without it",
        [
            Read([paid()], hour=0),
            Read([], [payout("0")], hour=2),
            Read([paid(payout="a")], [payout("100")], hour=1),
        ],
        payments={"p": None},
        payouts={"a": {"amount": 0, "payments": 0}},
    ),
    Case(
        "files of one read, of which the later has the payout without the payment",
        [Read([paid(payout="a", read_at=read_at_of(0))], [payout("0")], hour=1)],
        payments={"p": None},
        payouts={"a": {"payments": 0, "unexplained": 0}},
    ),
    Case(
        "a payment that moves to another payout",
        [
            Read([paid(payout="a")], [payout("100")]),
            Read([paid(payout="b")], [payout("0"), payout("100", "b")]),
        ],
        [sold()],
        payments={"p": {"payout_id": "b"}},
        payouts={"a": {"payments": 0}, "b": {"charges": 100, "payments": 1}},
        by_order={"1": {"paid_out": 100, "open_amount": 0, "days_open": None}},
    ),
    Case(
        "a payment that moves, and its former payout is read again later",
        [
            Read([paid(payout="a")], [payout("100")]),
            Read([paid(payout="b")], [payout("100", "b")]),
            Read([], [payout("0")]),
        ],
        payments={"p": {"payout_id": "b"}},
        payouts={"a": {"unexplained": 0}, "b": {"unexplained": 0}},
    ),
    Case(
        "the same ids in two sources",
        [
            Read([paid(payout="a")], [payout("100")]),
            Read(
                [paid(amount="7.00", payout="a", source="storefront")],
                [payout("7", source="storefront", status="failed")],
            ),
            Read([], [payout("0")]),
        ],
        [sold(), sold(amount="7.00", source="storefront")],
        payments={"p": {"source": "storefront", "amount": 7}},
    ),
    Case(
        "a payout across months",
        [
            Read(
                [
                    paid(payout="a", processed_at=JANUARY),
                    paid("q", payout="a", order="2", processed_at=LONG_AGO),
                    paid("r", payout="a", order="2", processed_at=LONG_AGO),
                    paid("s", "-20.00", payout="a", kind="adjustment", order=None),
                ],
                [payout("280")],
            )
        ],
        [sold(ordered_at=JANUARY), sold("2", LONG_AGO)],
        payouts={
            "a": {
                "charges": 300,
                "adjustments": -20,
                "payments": 4,
                "orders": 2,
                "oldest_sale": date(2026, 1, 28),
                "newest_sale": date(2026, 2, 5),
                "amount_reporting": 280,
            }
        },
    ),
    Case(
        "a settlement in euros",
        [
            Read(
                [
                    paid(payout="a", fee="4.00", currency=EURO, processed_at=LONG_AGO),
                    paid("q", "50.00", payout="a"),
                ],
                [payout("96", currency=EURO)],
            )
        ],
        [sold(amount="110.00", ordered_at=LONG_AGO)],
        payouts={
            "a": {
                "charges": 100,
                "fees": 4,
                "unexplained": 0,
                "payments": 2,
                "orders": 1,
                "amount_reporting": "115.20",
            }
        },
        # 1.10 dollars a euro when it was paid, 1.20 when it was paid out.
        by_order={"1": {"total": 110, "charged": 160, "paid_out": "155.60"}},
    ),
    Case(
        "a payment without an exchange rate",
        [Read([paid(fee="1.00", currency="GBP"), paid("q", fee="0")])],
        [sold()],
        by_order={
            "1": {
                "total": 100,
                "charged": None,
                "fees": None,
                "open_amount": None,
                "payments": 2,
                "days_open": 3,
                "is_overdue": False,
            }
        },
        margin={"net_sales": 100, "fees": None, "contribution": None},
    ),
    Case(
        "amounts that only cancel out when they are rounded",
        [
            Read(
                [
                    paid("p", "10.00", currency="CHF"),
                    paid("q", "-5.00", kind="refund", currency="CHF"),
                    paid("r", "-5.00", kind="refund", currency="CHF"),
                    paid("s", "1.00", payout="a", order=None),
                ],
            )
        ],
        [sold()],
        by_order={"1": {"open_amount": 0, "days_open": None, "is_overdue": False}},
    ),
    Case(
        "a refund after the payout",
        [
            Read([paid(fee="3.00", payout="a")], [payout("97")]),
            Read([paid("r", "-40.00", "0", kind="refund")]),
            Read(
                [paid("r", "-40.00", payout="b", kind="refund")], [payout("-40", "b")]
            ),
        ],
        [sold(unit_costs=["50"], refunds=[("r", LATELY, "40.00")])],
        payouts={"b": {"refunds": -40, "unexplained": 0}},
        by_order={
            "1": {"charged": 100, "refunded": 40, "fees": 3, "paid_out": 57},
        },
    ),
    Case(
        "a negative payout that is pending",
        [
            Read(
                [paid("r", "-40.00", "0.50", "a", kind="refund")],
                [payout("-40.50", status="pending")],
            ),
        ],
        [sold(ordered_at=LONG_AGO)],
        payouts={"a": {"refunds": -40, "fees": "0.50", "unexplained": 0}},
        by_order={
            "1": {
                "refunded": 40,
                "fees": None,
                "paid_out": 0,
                "open_amount": "-40.50",
                "days_open": 25,
                "is_overdue": True,
            }
        },
    ),
    Case(
        "a reserve",
        [
            Read(
                [
                    paid(fee="3.00", payout="a"),
                    paid("x", "-20.00", "0", "a", order=None, kind="other"),
                ],
                [payout("77")],
            )
        ],
        [sold()],
        payouts={"a": {"charges": 100, "others": -20, "fees": 3, "unexplained": 0}},
        by_order={"1": {"paid_out": 97, "open_amount": 0}},
    ),
    Case(
        "test mode",
        [
            Read(
                [paid(fee="3.00", payout="a", is_test=True)],
                [payout("97")],
            )
        ],
        [sold(), sold("2", is_test=True)],
        payouts={"a": {"charges": 0, "fees": 0, "payments": 0, "unexplained": 97}},
        by_order={"1": {"charged": None, "open_amount": 0, "payments": 0}},
        margin={"net_sales": 100, "fees": None},
    ),
    Case(
        "a chargeback that was won",
        [
            Read(
                [
                    paid(fee="3.00", payout="a"),
                    paid("c", "-100.00", "15.00", "a", kind="chargeback"),
                    paid("w", "100.00", "-15.00", kind="chargeback_reversal"),
                ],
                [payout("-18")],
            )
        ],
        [sold()],
        payouts={"a": {"charges": 100, "chargebacks": -100, "fees": 18}},
        by_order={
            "1": {"chargebacks": 0, "fees": 3, "paid_out": -18, "open_amount": 115},
        },
    ),
    Case(
        "a lost chargeback",
        [Read([paid(fee="3.00"), paid("c", "-100.00", kind="chargeback")])],
        [sold()],
        by_order={"1": {"charged": 100, "chargebacks": 100, "fees": None}},
        margin={"net_sales": 100, "fees": None, "sales_with_fees": None},
    ),
    Case(
        "a payment of no order",
        [Read([paid(fee="1.00", payout="a", order=None)], [payout("99")])],
        [sold()],
        payouts={"a": {"payments": 1, "orders": 0, "oldest_sale": None}},
        by_order={"1": {"payments": 0, "charged": None, "open_amount": 0}},
    ),
    Case(
        "a payment of an unknown order",
        [
            Read(
                [
                    paid(processed_at=LONG_AGO),
                    paid("q", "5.00", "0", processed_at=LATELY),
                    paid("r", "1.00", payout="a", order=None),
                ],
            )
        ],
        by_order={
            "1": {
                "is_known": False,
                "business_date": date(2026, 2, 5),
                "channel": None,
                "is_sale": None,
                "currency": None,
                "total": None,
                "charged": 105,
                "fees": None,
                "open_amount": 105,
                "days_open": 25,
                "is_overdue": True,
            }
        },
    ),
    Case(
        "a payment of an order that only another source has",
        [Read([paid(amount="5.00", source="storefront")])],
        [sold("1"), sold("2", source="storefront")],
        by_order={"2": {"payments": 0}},
    ),
    Case(
        "a product that is also sold without an exchange rate",
        [Read([paid(fee="1.00"), paid("q", fee="1.00", order="2")])],
        [sold(unit_costs=["1"]), sold("2", currency="GBP", unit_costs=["1"])],
        by_order={"2": {"total": None, "charged": 100, "fees": 1, "open_amount": 0}},
        margin=dict.fromkeys(
            ("net_sales", "fees", "sales_with_fees", "covered_sales", "contribution")
        ),
    ),
    Case(
        "an order without a payment in a channel that is paid out",
        [
            Read([paid(fee="0", payout="a", order="0", processed_at=JANUARY)]),
        ],
        [
            sold("0", JANUARY),
            sold(
                "1",
                LONG_AGO,
                "80.00",
                discount="10.00",
                tax="7.00",
                shipping="5.00",
                fee="1.00",
                refunds=[("r", LATELY, "20.00", "2.00", "0.50"), ("s", LATELY, "1.00")],
            ),
            sold("2", LATELY, is_sale=False, status="cancelled"),
            sold("3", LATELY, is_test=True),
            sold("4", LATELY, channel="till"),
            sold("5", at("2026-02-15 17:00")),
            sold("6", at("2026-02-16 17:00")),
            # Its payments were not read.
            sold("7", at("2026-01-27 17:00")),
            sold("8", JANUARY),
        ],
        by_order={
            "0": {"open_amount": 100, "paid_out": 0},
            "1": {
                "total": 83,
                "charged": None,
                "paid_out": None,
                "open_amount": "59.50",
                "payments": 0,
                "days_open": 25,
                "is_overdue": True,
            },
            "2": {"open_amount": 0, "days_open": None},
            "3": {"open_amount": 0},
            "4": {"open_amount": 0, "is_overdue": False},
            "5": {"open_amount": 100, "days_open": 15, "is_overdue": True},
            "6": {"open_amount": 100, "days_open": 14, "is_overdue": False},
            "7": {"open_amount": 0},
            "8": {"open_amount": 100},
        },
    ),
    Case(
        "an order without a payment in a channel that is not paid out",
        [
            Read(
                [
                    paid(order="0"),
                    paid("q", gateway="other", payout="a", order=None),
                    paid("r", payout="a", order="0", is_test=True),
                ]
            )
        ],
        [sold("0"), sold("1")],
        by_order={
            "0": {"charged": 100, "open_amount": 0, "paid_out": 0},
            "1": {"open_amount": 0},
        },
    ),
    Case(
        "a channel of which only a refund is paid out",
        [Read([paid("r", "-9.00", payout="a", order="0", kind="refund")])],
        [sold("0"), sold("1")],
        by_order={"0": {"open_amount": -9}, "1": {"open_amount": 0}},
    ),
    Case(
        "a fee of zero",
        [Read([paid(fee="0")])],
        [sold(unit_costs=["60"])],
        payments={"p": {"fee_amount": 0, "net_amount": 100}},
        by_order={"1": {"fees": 0, "open_amount": 0}},
        margin={"fees": 0, "sales_with_fees": 100, "contribution": 40},
    ),
    Case(
        "a fee that is not known",
        [Read([paid()])],
        [sold(unit_costs=["60"])],
        payments={"p": {"fee_amount": None, "net_amount": None, "fee_read_at": None}},
        by_order={"1": {"fees": None, "charged": 100}},
        margin={
            "net_sales": 100,
            "fees": None,
            "sales_with_fees": None,
            "covered_sales": None,
            "contribution": None,
        },
    ),
    Case(
        "an order of no amount",
        [Read([paid(amount="0.00", fee="0.30")])],
        [sold(lines=[("", "1", "10"), ("", "2", "-10")], unit_costs=["1", "1"])],
        by_order={"1": {"total": 0, "charged": 0, "fees": "0.30"}},
        margin={"net_sales": 0, "fees": "0.30", "contribution": "-3.30"},
    ),
    Case(
        "a negative line, and one without a cost",
        [Read([paid(amount="50.00", fee="2.00")])],
        [
            sold(
                lines=[("", "1", "100"), ("", "1", "-60"), ("", "1", "10")],
                unit_costs=["30", "0", None],
            )
        ],
        margin={
            "net_sales": 50,
            "fees": 2,
            "sales_with_fees": 50,
            "covered_sales": 40,
            "contribution": "8.40",
        },
    ),
    Case(
        "a commission",
        [
            Read(
                [
                    paid(
                        "k", "-12.00", "0", "a", kind="commission", processed_at=JANUARY
                    )
                ],
                [payout("88")],
            )
        ],
        [sold(unit_costs=["40"], ordered_at=JANUARY), sold("2")],
        payouts={"a": {"commissions": -12, "fees": 0, "unexplained": 100}},
        by_order={
            "1": {"charged": 0, "fees": 12, "paid_out": -12, "open_amount": 0},
            "2": {"open_amount": 100},
        },
    ),
    Case(
        "a return of an order whose fees are known",
        [Read([paid(fee="3.00"), paid("r", "-30.00", "0", kind="refund")])],
        [sold(unit_costs=["40"], line_refunds=[("r", LATELY, "30.00", 1, "12")])],
        by_order={"1": {"fees": 3, "refunded": 30}},
        margin={
            "net_sales": 70,
            "fees": 3,
            "sales_with_fees": 70,
            "covered_sales": 70,
            "contribution": 39,
        },
    ),
    *(
        Case(
            f"a payout that is {status}",
            [Read([paid(fee="1.00", payout="a")], [payout("99", status=status)])],
            [sold()],
            payouts={"a": {"status": status, "unexplained": 0}},
            by_order={"1": {"paid_out": 99 - still_open, "open_amount": still_open}},
        )
        for status, still_open in {
            "scheduled": 99,
            "pending": 99,
            "in_transit": 99,
            "failed": 99,
            "canceled": 99,
            "cancelled": 99,
            "paid": 0,
            "deposited": 0,
        }.items()
    ),
    Case(
        "a payout that was not read",
        [Read([paid(fee="1.00", payout="a")])],
        [sold()],
        by_order={"1": {"paid_out": 0, "open_amount": 99}},
    ),
]
