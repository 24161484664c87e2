"""Seeder of the Shopify shop's data file (layout: `demo.services.shopify.store`)."""

from decimal import Decimal
from pathlib import Path

from demo.ledger import SHOPIFY, Line, Order, Refund, Snapshot
from demo.ledger.shopify_payments import (
    SHOPIFY_PAYMENTS,
    Payment,
    Payout,
    gateway_of,
    payments_of,
    payouts_of,
)
from demo.services.shopify import (
    BalanceFacts,
    DiscountFacts,
    LineFacts,
    OrderFacts,
    PayoutFacts,
    RefundFacts,
    RefundLineFacts,
    ShippingFacts,
    ShopifyStore,
    TaxFacts,
    TransactionFacts,
    build_balance_transaction,
    build_order,
    build_payout,
)

_BALANCE_TYPES = {
    "charge": "CHARGE",
    "refund": "REFUND",
    "chargeback": "DISPUTE_WITHDRAWAL",
    "adjustment": "ADJUSTMENT",
}
_FINANCIAL = {"pending": "PENDING", "on-hold": "AUTHORIZED", "cancelled": "VOIDED"}
"""Statuses of orders that are not paid for; those of the others follow from their refunds."""


def fill(
    path: Path,
    snapshot: Snapshot,
    name: str = "Pop-up shop",
    currency: str = "USD",
    has_payouts: bool = True,
) -> None:
    """Write the data of `snapshot`; a running shop reloads the file.

    Args:
        path: the shop's data file.
        snapshot: the company as of an instant, or one of its shops.
        name: the name of the shop.
        currency: the currency of the shop and its orders.
        has_payouts: whether the shop has an account of Shopify Payments.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    refunds = snapshot.refunds_by_order(SHOPIFY)
    orders = []
    for order in snapshot.orders_of(SHOPIFY):
        facts = _order(order, refunds.get(order.order_id, []))
        orders.append(build_order(facts))
    store = ShopifyStore(
        orders,
        {"name": name, "currencyCode": currency, "hasShopifyPayments": has_payouts},
    )
    if has_payouts:
        _add_payouts(store, snapshot)
    store.save(path)


def _add_payouts(store: ShopifyStore, snapshot: Snapshot) -> None:
    """Add the balance transactions and payouts of Shopify Payments to a shop."""
    payments = payments_of(snapshot)
    balance = []
    for payment in payments:
        if payment.gateway == SHOPIFY_PAYMENTS:
            balance.append(_balance_transaction(payment))
    for payout in payouts_of(payments):
        store.payouts.append(build_payout(_payout(payout), balance))
        balance.append(_transfer(payout))
    for facts in balance:
        store.balance_transactions.append(build_balance_transaction(facts))


def _balance_transaction(payment: Payment) -> BalanceFacts:
    return BalanceFacts(
        number=int(payment.payment_id),
        type=_BALANCE_TYPES[payment.kind],
        amount=payment.amount,
        fee=payment.fee or Decimal(0),
        at=payment.processed_at,
        currency=payment.currency,
        order=int(payment.order_id) if payment.order_id else None,
        order_transaction=int(payment.transaction) if payment.transaction else None,
        payout=int(payment.payout_id) if payment.payout_id else None,
    )


def _payout(payout: Payout) -> PayoutFacts:
    off_by = payout.amount
    for payment in payout.payments:
        off_by -= payment.amount - (payment.fee or Decimal(0))
    return PayoutFacts(
        number=int(payout.payout_id),
        issued_at=payout.issued_at,
        currency=payout.currency,
        trace_id=f"DEMO{payout.payout_id}",
        off_by=off_by,
    )


def _transfer(payout: Payout) -> BalanceFacts:
    """Return the balance transaction of a payout itself."""
    return BalanceFacts(
        number=int(payout.payout_id),
        type="TRANSFER",
        amount=-payout.amount,
        at=payout.issued_at,
        currency=payout.currency,
        payout=int(payout.payout_id),
    )


def _order(order: Order, refunds: list[Refund]) -> OrderFacts:
    facts = OrderFacts(
        number=int(order.order_id),
        created_at=order.ordered_at,
        updated_at=order.updated_at,
        lines=[_line(line, order.coupon_code) for line in order.lines],
        refunds=[_refund(refund, order) for refund in refunds],
        financial_status="derived",
        fulfillment_status="FULFILLED",
        currency=order.currency,
        customer_id=int(order.customer_id) if order.customer_id else None,
        email=order.email,
        gateway=gateway_of(order),
        country=order.country_code,
        source_name=order.partner,
    )
    if order.shipping:
        facts.shipping = [ShippingFacts(order.shipping)]
    if order.status == "cancelled":
        facts.cancelled_at = order.status_changed_at
    if order.status == "processing":
        facts.fulfillment_status = "UNFULFILLED"
    if order.status in _FINANCIAL:
        facts.payments = []
        facts.financial_status = _FINANCIAL[order.status]
    return facts


def _line(line: Line, coupon: str | None) -> LineFacts:
    facts = LineFacts(
        sku=line.sku,
        title=line.product_name,
        product_type=line.category or "",
        price=line.unit_price,
        quantity=int(line.quantity),
        unit_cost=line.unit_cost,
    )
    if coupon:
        # The first code gives the discount of a line, a second one is on the order.
        first, *others = coupon.split(",")
        facts.discounts = [DiscountFacts(line.discount, code=first)]
        for code in others:
            facts.discounts.append(DiscountFacts(Decimal(0), code=code))
    elif line.discount:
        facts.discounts = [DiscountFacts(line.discount)]
    if line.tax:
        rate = line.tax / line.after_discount
        facts.taxes = [TaxFacts(round(rate, 4), line.tax)]
    return facts


def _refund(refund: Refund, order: Order) -> RefundFacts:
    places = [line.line_number for line in order.lines]
    lines = []
    for line in refund.lines:
        facts = RefundLineFacts(
            places.index(line.line_number),
            int(line.quantity),
            subtotal=line.merchandise,
            tax=line.tax,
        )
        lines.append(facts)
    return RefundFacts(
        at=refund.refunded_at,
        lines=lines,
        transactions=[TransactionFacts(refund.amount)],
        note=refund.reason or None,
    )
