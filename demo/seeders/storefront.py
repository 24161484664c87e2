"""Seeder of the storefront's data file (layout: `demo.services.storefront.store`)."""

from decimal import Decimal
from pathlib import Path

from demo.ledger import STOREFRONT, Order, Refund, Snapshot
from demo.services.storefront import store

_MAXIMUM_LINES = 5


def fill(path: Path, snapshot: Snapshot) -> None:
    """Write the data of `snapshot`; a running storefront reloads the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    refunds: dict[str, list[Refund]] = {}
    for refund in snapshot.refunds_of(STOREFRONT):
        refunds.setdefault(refund.order_id, []).append(refund)
    products = (
        store.WooProduct(
            id=product.product_id,
            sku=product.sku,
            name=product.name,
            categories=[product.category] if product.category else [],
            modified_at=product.updated_at,
        )
        for product in snapshot.products
    )
    product_ids = {product.sku: product.product_id for product in snapshot.products}
    orders = (
        _order(order, refunds.get(order.order_id, []), product_ids)
        for order in snapshot.orders_of(STOREFRONT)
    )
    store.WooStore(orders, products).save(path)


def _order(
    order: Order, refunds: list[Refund], product_ids: dict[str, int]
) -> store.WooOrder:
    changes = [(order.status_changed_at, "status")]
    if order.updated_at != order.status_changed_at:
        # An edited line, or a refund: the server uses the refund's own instant, so `line` fits both.
        changes.append((order.updated_at, "line"))
    return store.WooOrder(
        id=int(order.order_id),
        created_at=order.ordered_at,
        status=order.status,
        lines=[
            store.WooLine(
                id=line.line_number,
                product_id=product_ids[line.sku],
                sku=line.sku,
                name=line.product_name,
                quantity=line.quantity,
                subtotal=line.gross,
                total=line.after_discount,
                tax=line.tax,
            )
            for line in order.lines
        ],
        refunds=[_refund(refund) for refund in refunds],
        currency=order.currency,
        customer_id=int(order.customer_id or 0),
        email=order.email or "",
        country=order.country_code or "",
        coupon_code=order.coupon_code,
        shipping=order.shipping,
        fee=order.fee,
        changes=changes,
    )


def _refund(refund: Refund) -> store.WooRefund:
    # An order has ten ids: the first five for its line items, the others for those of its refunds.
    first_item = int(refund.refund_id) + _MAXIMUM_LINES
    return store.WooRefund(
        id=int(refund.refund_id),
        created_at=refund.refunded_at,
        amount=Decimal(refund.amount),
        reason=refund.reason,
        lines=[
            store.WooRefundLine(
                id=first_item + number,
                line_id=line.line_number,
                quantity=line.quantity,
                total=line.merchandise,
                tax=line.tax,
            )
            for number, line in enumerate(refund.lines)
        ],
    )
