"""The JSON of orders, refunds and products in the REST API v3."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from demo.services.storefront.store import (
    WooLine,
    WooOrder,
    WooProduct,
    WooRefund,
    WooRefundLine,
)
from demo.services.storefront.versions import Version

Json = dict[str, Any]


def order_json(order: WooOrder, version: Version, zone: ZoneInfo) -> Json:
    """Return an order with its lines and refund stubs."""
    tax = Decimal(0)
    discount = Decimal(0)
    for line in order.lines:
        tax += line.tax
        discount += line.subtotal - line.total
    fees = [{"name": "Fee", "total": money(order.fee)}] if order.fee else []
    return {
        "id": order.id,
        "status": order.status,
        "currency": order.currency,
        "date_created_gmt": gmt(order.created_at),
        "date_modified_gmt": gmt(version.modified(order, zone)),
        "discount_total": money(discount),
        "shipping_total": money(order.shipping),
        "total": money(order.total),
        "total_tax": money(tax),
        "customer_id": order.customer_id,
        "billing": {"country": order.country, "email": order.email},
        "shipping": {"country": order.country},
        "payment_method": order.payment_method,
        "date_paid_gmt": gmt(order.paid_at),
        "meta_data": _meta_data(order),
        "line_items": [_line(line) for line in order.lines],
        "fee_lines": fees,
        "coupon_lines": _coupons(order.coupon_code, discount),
        "refunds": _stubs(order, version),
    }


def _meta_data(order: WooOrder) -> list[Json]:
    entries = []
    for place, (key, value) in enumerate(order.meta.items(), 1):
        entries.append({"id": order.id * 100 + place, "key": key, "value": value})
    return entries


def _coupons(codes: str | None, discount: Decimal) -> list[Json]:
    """Return the coupons of an order: the discount is divided equally among its codes."""
    coupons = []
    remaining = discount
    waiting = codes.split(",") if codes else []
    while waiting:
        part = round(remaining / len(waiting), 2)
        remaining -= part
        coupons.append({"code": waiting.pop(0), "discount": money(part)})
    return coupons


def refund_json(refund: WooRefund) -> Json:
    """Return a refund as in `/orders/<id>/refunds`: positive `amount`, negative lines, no currency."""
    return {
        "id": refund.id,
        "date_created_gmt": gmt(refund.created_at),
        "amount": money(refund.amount),
        "reason": refund.reason,
        "refunded_payment": refund.by_gateway,
        "line_items": [_refunded_line(part) for part in refund.lines],
        "shipping_lines": [],
        "fee_lines": [],
    }


def product_json(product: WooProduct) -> Json:
    """Return a product."""
    return {
        "id": product.id,
        "name": product.name,
        "date_modified_gmt": gmt(product.modified_at),
        "sku": product.sku,
        "categories": [{"name": name} for name in product.categories],
    }


def money(value: Decimal) -> str:
    """Return an amount with two decimals, rounded half up."""
    return str(value.quantize(Decimal("0.01"), ROUND_HALF_UP))


def gmt(instant: datetime | None) -> str | None:
    """Return an instant in UTC and full seconds, without offset: `2026-11-02T05:30:00`."""
    if instant is None:
        return None
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _stubs(order: WooOrder, version: Version) -> list[Json]:
    stubs = []
    for refund in version.refunds(order):
        stubs.append(_stub(refund.id, refund.reason, refund.amount))
    for refund in order.refunds:
        # A deleted refund leaves an empty stub until the shop's cache expires.
        if refund.deleted and order.status != "trash":
            stubs.append(_stub(0, "", Decimal(0)))
    return stubs


def _stub(refund_id: int, reason: str, amount: Decimal) -> Json:
    return {"id": refund_id, "reason": reason, "total": f"-{money(amount)}"}


def _line(line: WooLine) -> Json:
    rendered: Json = {
        "id": line.id,
        "name": line.name,
        "product_id": line.product_id,
        "quantity": _quantity(line.quantity),
        "subtotal": money(line.subtotal),
        "total": money(line.total),
        "total_tax": money(line.tax),
        "meta_data": [],
        "sku": line.sku,
    }
    if line.cost is not None:
        rendered["cost_of_goods_sold"] = {"value": float(line.cost)}
    return rendered


def _refunded_line(part: WooRefundLine) -> Json:
    item = {"key": "_refunded_item_id", "value": str(part.line_id)}
    return {
        "id": part.id,
        "quantity": _quantity(-part.quantity),
        "total": money(-part.total),
        "total_tax": money(-part.tax),
        "meta_data": [item],
    }


def _quantity(quantity: Decimal) -> int | float:
    """Return a JSON number, fractional where the shop sells by weight."""
    if quantity == quantity.to_integral_value():
        return int(quantity)
    return float(quantity)
