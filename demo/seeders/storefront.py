"""Seeder of the storefront's data file (layout: `demo.services.storefront.store`)."""

from pathlib import Path

from demo.ledger import STOREFRONT, Order, Refund, Snapshot
from demo.ledger.storefront_payments import fee_meta, gateway_of, paid_amount
from demo.services.storefront import store

_MAXIMUM_LINES = 5


def fill(path: Path, snapshot: Snapshot) -> None:
    """Write the data of `snapshot`; a running storefront reloads the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    products = []
    product_ids = {}
    for product in snapshot.products:
        product_ids[product.sku] = product.product_id
        categories = [product.category] if product.category else []
        woo_product = store.WooProduct(
            id=product.product_id,
            sku=product.sku,
            name=product.name,
            categories=categories,
            modified_at=product.updated_at,
        )
        products.append(woo_product)
    refunds = snapshot.refunds_by_order(STOREFRONT)
    orders = []
    for order in snapshot.orders_of(STOREFRONT):
        refunds_of_order = refunds.get(order.order_id, [])
        orders.append(_order(order, refunds_of_order, product_ids))
    store.WooStore(orders, products).save(path)


def _order(
    order: Order,
    refunds: list[Refund],
    product_ids: dict[str, int],
) -> store.WooOrder:
    lines = []
    for line in order.lines:
        woo_line = store.WooLine(
            id=line.line_number,
            product_id=product_ids[line.sku],
            sku=line.sku,
            name=line.product_name,
            quantity=line.quantity,
            subtotal=line.gross,
            cost=line.quantity * line.unit_cost,
            total=line.after_discount,
            tax=line.tax,
        )
        lines.append(woo_line)
    changes = [(order.status_changed_at, "status")]
    if order.updated_at != order.status_changed_at:
        # An edited line, or a refund, for which the server uses the refund's own instant.
        changes.append((order.updated_at, "line"))
    is_paid = paid_amount(order) > 0
    return store.WooOrder(
        id=int(order.order_id),
        created_at=order.ordered_at,
        status=order.status,
        lines=lines,
        refunds=[_refund(refund) for refund in refunds],
        currency=order.currency,
        customer_id=int(order.customer_id or 0),
        email=order.email or "",
        country=order.country_code or "",
        coupon_code=order.coupon_code,
        shipping=order.shipping,
        fee=order.fee,
        paid_at=order.ordered_at if is_paid else None,
        payment_method=gateway_of(order),
        meta=fee_meta(order, refunds) if is_paid else {},
        changes=changes,
    )


def _refund(refund: Refund) -> store.WooRefund:
    # An order has ten ids: the first five for its line items, the others for those of its
    # refunds.
    first_item = int(refund.refund_id) + _MAXIMUM_LINES
    lines = []
    for number, line in enumerate(refund.lines):
        woo_line = store.WooRefundLine(
            id=first_item + number,
            line_id=line.line_number,
            quantity=line.quantity,
            total=line.merchandise,
            tax=line.tax,
        )
        lines.append(woo_line)
    return store.WooRefund(
        id=int(refund.refund_id),
        created_at=refund.refunded_at,
        amount=refund.amount,
        reason=refund.reason,
        by_gateway=True,
        lines=lines,
    )
