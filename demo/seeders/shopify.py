"""Seeder of the Shopify shop's data file (layout: `demo.services.shopify.store`)."""

from pathlib import Path

from demo.ledger import SHOPIFY, Line, Order, Refund, Snapshot
from demo.services.shopify import (
    DiscountFacts,
    FeeFacts,
    LineFacts,
    OrderFacts,
    RefundFacts,
    RefundLineFacts,
    ShippingFacts,
    ShopifyStore,
    TaxFacts,
    TransactionFacts,
    build_order,
)

_FINANCIAL = {"pending": "PENDING", "on-hold": "AUTHORIZED", "cancelled": "VOIDED"}
"""Statuses of orders that are not paid for; those of the others follow from their refunds."""


def fill(path: Path, snapshot: Snapshot) -> None:
    """Write the data of `snapshot`; a running shop reloads the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    refunds: dict[str, list[Refund]] = {}
    for refund in snapshot.refunds_of(SHOPIFY):
        refunds.setdefault(refund.order_id, []).append(refund)
    orders = (
        build_order(_order(order, refunds.get(order.order_id, [])))
        for order in snapshot.orders_of(SHOPIFY)
    )
    ShopifyStore(orders, {"name": "Pop-up shop"}).save(path)


def _order(order: Order, refunds: list[Refund]) -> OrderFacts:
    is_unpaid = order.status in _FINANCIAL
    return OrderFacts(
        number=int(order.order_id),
        created_at=order.ordered_at,
        updated_at=order.updated_at,
        cancelled_at=order.status_changed_at if order.status == "cancelled" else None,
        lines=[_line(line, order.coupon_code) for line in order.lines],
        shipping=[ShippingFacts(order.shipping)] if order.shipping else [],
        fees=[FeeFacts("Gift wrap", order.fee)] if order.fee else [],
        refunds=[_refund(refund, order) for refund in refunds],
        payments=[] if is_unpaid else None,
        financial_status=_FINANCIAL[order.status] if is_unpaid else "derived",
        fulfillment_status="UNFULFILLED"
        if order.status == "processing"
        else "FULFILLED",
        currency=order.currency,
        customer_id=int(order.customer_id) if order.customer_id else None,
        email=order.email,
        country=order.country_code,
        source_name=order.partner,
    )


def _line(line: Line, coupon: str | None) -> LineFacts:
    rate = line.tax / line.after_discount if line.after_discount else line.tax
    return LineFacts(
        sku=line.sku,
        title=line.product_name,
        product_type=line.category or "",
        price=line.unit_price,
        quantity=int(line.quantity),
        discounts=[DiscountFacts(line.discount, code=coupon)]
        if line.discount or coupon
        else [],
        taxes=[TaxFacts(round(rate, 4), line.tax)] if line.tax else [],
    )


def _refund(refund: Refund, order: Order) -> RefundFacts:
    places = {line.line_number: place for place, line in enumerate(order.lines)}
    return RefundFacts(
        at=refund.refunded_at,
        lines=[
            RefundLineFacts(
                places[line.line_number],
                int(line.quantity),
                subtotal=line.merchandise,
                tax=line.tax,
            )
            for line in refund.lines
        ],
        transactions=[TransactionFacts(refund.amount)],
        note=refund.reason or None,
    )
