"""How orders in the storefront are paid, and which fees its payment plugins know of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from demo.ledger.catalogue import round_money
from demo.ledger.model import STOREFRONT, Order, Refund
from demo.ledger.snapshots import Snapshot

STRIPE = "stripe"
PAYPAL = "ppcp-gateway"
PAID = frozenset({"processing", "packed", "completed", "refunded"})
"""The statuses of orders that are paid."""
_FEE_SHARE = {STRIPE: Decimal("0.029"), PAYPAL: Decimal("0.0349")}
_FEE_FLAT = {STRIPE: Decimal("0.30"), PAYPAL: Decimal("0.49")}
_EVERY = 9
"""On one day in so many, the shop runs a version of Stripe's plugin that does not keep the fee."""


@dataclass(frozen=True, slots=True)
class StorefrontPayment:
    """A charge or a refund of an order; a refund's `amount` is negative. `fee` is None where no plugin keeps
    it."""

    payment_id: str
    order_id: str
    kind: str
    gateway: str
    currency: str
    amount: Decimal
    fee: Decimal | None
    processed_at: datetime


def gateway_of(order: Order) -> str:
    """Return the payment method of an order. The last digit of its id is zero."""
    return PAYPAL if int(order.order_id) // 10 % 4 == 0 else STRIPE


def paid_amount(order: Order) -> Decimal:
    """Return what the customer has paid, before refunds: nothing of an order that is not paid."""
    if order.status not in PAID:
        return Decimal(0)
    total = order.shipping + order.fee
    for line in order.lines:
        total += line.after_discount + line.tax
    return round_money(total, order.currency)


def fee_of(order: Order) -> Decimal | None:
    """Return the fee of an order's charge, as far as a plugin keeps it."""
    gateway = gateway_of(order)
    if gateway == STRIPE and order.ordered_at.toordinal() % _EVERY == 0:
        return None
    fee = paid_amount(order) * _FEE_SHARE[gateway] + _FEE_FLAT[gateway]
    return round_money(fee, order.currency)


def fee_meta(order: Order, refunds: list[Refund]) -> dict[str, Any]:
    """Return the meta data that the plugins write: Stripe's are floats as text, its net is less refunds."""
    fee = fee_of(order)
    if fee is None:
        return {}
    if gateway_of(order) == PAYPAL:
        value = {"currency_code": order.currency, "value": str(fee)}
        return {"_ppcp_paypal_fees": {"paypal_fee": value}}
    net = paid_amount(order) - fee
    for refund in refunds:
        net -= refund.amount
    return {
        "_stripe_fee": f"{fee:.2f}00000001",
        "_stripe_net": str(float(net)),
        "_stripe_currency": order.currency,
    }


def payments_of(snapshot: Snapshot) -> Iterator[StorefrontPayment]:
    """Yield the payments of a shop's orders as of the snapshot."""
    refunds = snapshot.refunds_by_order(STOREFRONT)
    for order in snapshot.orders_of(STOREFRONT):
        amount = paid_amount(order)
        if not amount:
            continue
        fee = fee_of(order)
        yield StorefrontPayment(
            payment_id=order.order_id,
            order_id=order.order_id,
            kind="charge",
            gateway=gateway_of(order),
            currency=order.currency,
            amount=amount,
            fee=fee,
            processed_at=order.ordered_at,
        )
        for refund in refunds.get(order.order_id, []):
            yield StorefrontPayment(
                payment_id=f"refund-{refund.refund_id}",
                order_id=order.order_id,
                kind="refund",
                gateway=gateway_of(order),
                currency=order.currency,
                amount=-refund.amount,
                fee=None if fee is None else Decimal(0),
                processed_at=refund.refunded_at,
            )
