"""The JSON of orders, refunds and products in the REST API v3."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from demo.services.storefront.store import (
    Amount,
    WooLine,
    WooOrder,
    WooProduct,
    WooRefund,
    WooRefundLine,
    is_number,
    number,
)
from demo.services.storefront.versions import Version


def order_json(
    order: WooOrder, version: Version, zone: ZoneInfo, dp: int
) -> dict[str, Any]:
    """Return an order with its lines and refund stubs."""
    tax = sum((number(line.tax) for line in order.lines), Decimal(0))
    discount = sum(
        (number(line.subtotal) - number(line.total) for line in order.lines), Decimal(0)
    )
    address = {"first_name": "", "last_name": "", "country": order.country}
    return {
        "id": order.id,
        "parent_id": 0,
        "status": order.status,
        "currency": order.currency,
        "version": version.name,
        "prices_include_tax": False,
        **_dates("created", order.created_at, zone),
        **_dates("modified", version.modified(order, zone), zone),
        "discount_total": money(discount, dp),
        "discount_tax": money(Decimal(0), dp),
        "shipping_total": money(order.shipping, dp),
        "shipping_tax": money(Decimal(0), dp),
        "cart_tax": money(tax, dp),
        "total": money(order.total, dp),
        "total_tax": money(tax, dp),
        "customer_id": order.customer_id,
        "order_key": f"wc_order_{order.id}",
        "billing": {**address, "email": order.email, "phone": ""},
        "shipping": address,
        "payment_method": "cod",
        "customer_note": "",
        "number": str(order.id),
        "meta_data": [],
        "line_items": [_line(line, dp) for line in order.lines],
        "tax_lines": [{"id": order.id, "rate_code": "TAX", "tax_total": money(tax, dp)}]
        if tax
        else [],
        "shipping_lines": [
            {
                "id": order.id,
                "method_id": "flat_rate",
                "total": money(order.shipping, dp),
            }
        ]
        if order.shipping
        else [],
        "fee_lines": [{"id": order.id, "name": "Fee", "total": money(order.fee, dp)}]
        if order.fee
        else [],
        "coupon_lines": [
            {"id": order.id, "code": order.coupon_code, "discount": money(discount, dp)}
        ]
        if order.coupon_code
        else [],
        "refunds": _stubs(order, version, dp),
        "_links": {"collection": [{"href": "/wp-json/wc/v3/orders"}]},
    }


def refund_json(
    order: WooOrder, refund: WooRefund, zone: ZoneInfo, dp: int
) -> dict[str, Any]:
    """Return a refund as in `/orders/<id>/refunds`: positive `amount`, negative lines, no currency."""
    lines = {line.id: line for line in order.lines}
    tax = sum((number(line.tax) for line in refund.lines), Decimal(0))
    shipping = {
        "id": refund.id,
        "method_id": "flat_rate",
        "total": money(-refund.shipping, dp),
        "total_tax": "0.00",
    }
    return {
        "id": refund.id,
        **_dates("created", refund.created_at, zone),
        "amount": money(refund.amount, dp),
        "reason": refund.reason,
        "refunded_by": 1,
        "refunded_payment": False,
        "meta_data": [],
        "line_items": [
            _refunded(line, lines.get(line.line_id), dp) for line in refund.lines
        ],
        "shipping_lines": [shipping] if refund.shipping else [],
        "tax_lines": [
            {"id": refund.id, "rate_code": "TAX", "tax_total": money(-tax, dp)}
        ]
        if tax
        else [],
        "fee_lines": [],
        "_links": {"up": [{"href": f"/wp-json/wc/v3/orders/{order.id}"}]},
    }


def product_json(product: WooProduct, zone: ZoneInfo) -> dict[str, Any]:
    """A product; categories get ids that depend on nothing but their place."""
    categories = [
        {"id": n, "name": name, "slug": name.lower()}
        for n, name in enumerate(product.categories, 1)
    ]
    return {
        "id": product.id,
        "name": product.name,
        "slug": product.sku.lower(),
        **_dates("modified", product.modified_at, zone),
        "type": "simple",
        "status": "publish",
        "sku": product.sku,
        "categories": categories,
        "images": [],
    }


def money(value: Amount, dp: int) -> str:
    """Return an amount with `dp` decimals, rounded half up; an invalid amount is returned as is."""
    if not is_number(value):
        return str(value)
    return str(number(value).quantize(Decimal(1).scaleb(-dp), ROUND_HALF_UP))


def local(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the naive local time, in full seconds."""
    return moment.astimezone(zone).replace(tzinfo=None, microsecond=0)


def _dates(name: str, moment: datetime | None, zone: ZoneInfo) -> dict[str, str | None]:
    if moment is None:
        return {f"date_{name}": None, f"date_{name}_gmt": None}
    gmt = moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    return {
        f"date_{name}": local(moment, zone).isoformat(),
        f"date_{name}_gmt": gmt.isoformat(),
    }


def _stubs(order: WooOrder, version: Version, dp: int) -> list[dict[str, Any]]:
    present = version.refunds(order)
    # A deleted refund leaves an empty stub until the shop's cache expires.
    gone = (
        []
        if order.status == "trash"
        else [refund for refund in order.refunds if refund.deleted]
    )
    stubs = [
        {"id": r.id, "reason": r.reason, "total": f"-{money(r.amount, dp)}"}
        for r in present
    ]
    stubs += [{"id": 0, "reason": "", "total": "-0.00"} for _ in gone]
    return (
        [stub | {"total_tax": "0.00"} for stub in stubs]
        if version.name == "11.0.1"
        else stubs
    )


def _line(line: WooLine, dp: int) -> dict[str, Any]:
    quantity, tax = number(line.quantity), money(line.tax, dp)
    return {
        "id": line.id,
        "name": line.name,
        "product_id": line.product_id,
        "variation_id": 0,
        "quantity": _quantity(line.quantity),
        "tax_class": "",
        "subtotal": money(line.subtotal, dp),
        "subtotal_tax": tax,
        "total": money(line.total, dp),
        "total_tax": tax,
        "taxes": [{"id": 1, "total": tax, "subtotal": tax}] if number(line.tax) else [],
        "meta_data": [],
        "sku": line.sku,
        "price": float(number(line.total) / quantity) if quantity else 0,
    }


def _refunded(part: WooRefundLine, line: WooLine | None, dp: int) -> dict[str, Any]:
    return {
        "id": part.id,
        "name": line.name if line else "",
        "product_id": line.product_id if line else 0,
        "quantity": _quantity(-number(part.quantity)),
        "subtotal": money(-number(part.total), dp),
        "total": money(-number(part.total), dp),
        "total_tax": money(-number(part.tax), dp),
        "meta_data": [
            {"id": part.id, "key": "_refunded_item_id", "value": str(part.line_id)}
        ],
        "sku": line.sku if line else None,
    }


def _quantity(value: Amount) -> int | float | str:
    """Return a JSON number, fractional where the shop sells by weight; an invalid one is returned as is."""
    if not is_number(value):
        return str(value)
    amount = number(value)
    return int(amount) if amount == amount.to_integral_value() else float(amount)
