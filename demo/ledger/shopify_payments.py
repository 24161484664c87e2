"""How orders in Shopify are paid, and what Shopify Payments pays out.

A payment by card is paid out on the first weekday at least three days later. The first card payment is
charged back, an adjustment is withheld, and the first payout is 12.00 lower than its payments, for the
analyst to find.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from demo.ledger.catalogue import round_money
from demo.ledger.model import SHOPIFY, Order, Refund
from demo.ledger.snapshots import Snapshot

SHOPIFY_PAYMENTS = "shopify_payments"
PAID = frozenset({"processing", "completed", "partially_refunded", "refunded"})
"""The statuses of orders that are paid."""
_FEE_SHARE = Decimal("0.029")
_FEE_FLAT = Decimal("0.30")
_CHARGEBACK_FEE = Decimal(15)
_ADJUSTMENT = Decimal("-4.50")
_MISSING = Decimal(12)
"""What the first payout lacks."""
_PAYOUT_DELAY = timedelta(days=3)
_PAYOUT_TIME = time(14, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Payment:
    """A movement of money.

    Attributes:
        payment_id: that of the balance transaction, or `order-transaction-` and the number of the order's
            transaction.
        order_id: None for an adjustment.
        kind: charge, refund, chargeback or adjustment.
        gateway: `shopify_payments`, `paypal` or `cash`.
        amount: before the fee; negative where the shop pays.
        fee: None where the gateway does not state it.
        transaction: the number of the order's transaction; None for a chargeback and an adjustment.
        payout_id: None while it is in no payout.
    """

    payment_id: str
    order_id: str | None
    kind: str
    gateway: str
    currency: str
    amount: Decimal
    fee: Decimal | None
    processed_at: datetime
    transaction: str | None = None
    payout_id: str | None = None


@dataclass(frozen=True, slots=True)
class Payout:
    """A payout with its payments; `amount` is what reaches the bank."""

    payout_id: str
    issued_at: datetime
    currency: str
    amount: Decimal
    payments: tuple[Payment, ...]


def gateway_of(order: Order) -> str:
    """Return the gateway by which an order is paid."""
    number = int(order.order_id)
    if order.partner == "pos":
        return "cash" if number % 3 == 0 else SHOPIFY_PAYMENTS
    return "paypal" if number % 5 == 0 else SHOPIFY_PAYMENTS


def payments_of(snapshot: Snapshot) -> list[Payment]:
    """Return the payments of a shop's orders as of the snapshot, with the payouts issued until then."""
    payments = []
    for payment in _all_payments(snapshot):
        if payment.processed_at > snapshot.at:
            continue
        issued_at = _issued_at(payment.processed_at)
        payout_id = None
        if payment.gateway == SHOPIFY_PAYMENTS and issued_at <= snapshot.at:
            payout_id = f"{issued_at:%Y%m%d}"
        payments.append(replace(payment, payout_id=payout_id))
    return payments


def payouts_of(payments: list[Payment]) -> list[Payout]:
    """Return the payouts of payments, oldest first."""
    by_id: dict[str, list[Payment]] = {}
    for payment in payments:
        if payment.payout_id:
            by_id.setdefault(payment.payout_id, []).append(payment)
    payouts = []
    for payout_id, contained in sorted(by_id.items()):
        amount = Decimal(0) if payouts else -_MISSING
        for payment in contained:
            amount += payment.amount - (payment.fee or 0)
        first = contained[0]
        issued_at = _issued_at(first.processed_at)
        payout = Payout(payout_id, issued_at, first.currency, amount, tuple(contained))
        payouts.append(payout)
    return payouts


def _all_payments(snapshot: Snapshot) -> Iterator[Payment]:
    refunds = snapshot.refunds_by_order(SHOPIFY)
    has_card_payment = False
    for order in snapshot.orders_of(SHOPIFY):
        charge = _charge(order)
        if order.status not in PAID or not charge.amount:
            continue
        yield charge
        for refund in refunds.get(order.order_id, []):
            yield _refund(order, refund)
        if charge.gateway == SHOPIFY_PAYMENTS and not has_card_payment:
            has_card_payment = True
            yield _chargeback(charge)
            yield _adjustment(charge)


def _charge(order: Order) -> Payment:
    paid = order.merchandise + order.tax + order.shipping + order.fee
    amount = round_money(paid, order.currency)
    fee = round_money(amount * _FEE_SHARE + _FEE_FLAT, order.currency)
    return _of_transaction(
        order,
        kind="charge",
        transaction=f"{order.order_id}0001",
        amount=amount,
        fee=fee,
        processed_at=order.ordered_at,
    )


def _refund(order: Order, refund: Refund) -> Payment:
    """Return the payment of a refund. The fee of the charge is kept."""
    return _of_transaction(
        order,
        kind="refund",
        transaction=f"{refund.refund_id}1",
        amount=-refund.amount,
        fee=Decimal(0),
        processed_at=refund.refunded_at,
    )


def _of_transaction(
    order: Order,
    *,
    kind: str,
    transaction: str,
    amount: Decimal,
    fee: Decimal,
    processed_at: datetime,
) -> Payment:
    """Return the payment of an order's transaction. Only Shopify Payments states a fee."""
    gateway = gateway_of(order)
    by_card = gateway == SHOPIFY_PAYMENTS
    return Payment(
        payment_id=f"{transaction}9" if by_card else f"order-transaction-{transaction}",
        order_id=order.order_id,
        kind=kind,
        gateway=gateway,
        currency=order.currency,
        amount=amount,
        fee=fee if by_card else None,
        processed_at=processed_at,
        transaction=transaction,
    )


def _chargeback(charge: Payment) -> Payment:
    return replace(
        charge,
        payment_id=f"{charge.order_id}00008",
        kind="chargeback",
        amount=-charge.amount,
        fee=_CHARGEBACK_FEE,
        processed_at=charge.processed_at + timedelta(days=2),
        transaction=None,
    )


def _adjustment(charge: Payment) -> Payment:
    return replace(
        charge,
        payment_id=f"{charge.order_id}00007",
        order_id=None,
        kind="adjustment",
        amount=round_money(_ADJUSTMENT, charge.currency),
        fee=Decimal(0),
        processed_at=charge.processed_at + timedelta(days=1),
        transaction=None,
    )


def _issued_at(processed_at: datetime) -> datetime:
    """Return when a payment that was processed at an instant is paid out."""
    day = processed_at.astimezone(UTC).date() + _PAYOUT_DELAY
    while day.isoweekday() > 5:
        day += timedelta(days=1)
    return datetime.combine(day, _PAYOUT_TIME)
