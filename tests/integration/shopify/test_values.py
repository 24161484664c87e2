"""Unusual orders of a Shopify shop: each is loaded correctly, or one record is rejected with its reason."""

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

from demo.services.shopify import (
    BulkFault,
    DiscountFacts,
    Fault,
    FeeFacts,
    LineFacts,
    OrderFacts,
    RefundFacts,
    RefundLineFacts,
    ShippingFacts,
    Shopify,
    TaxFacts,
    build_order,
)
from ecommerce.core.check_result import FAIL, HINT
from ecommerce.sources import shopify
from ecommerce.sources.shopify import bulk, extraction
from tests.integration.shopify.reading import DAY, NOON, Loadable, window_in

HOUR = timedelta(hours=1)
PATHS: dict[str, tuple[str | int, ...]] = {
    "price": ("lineItems", 0, "originalTotalSet"),
    "discount": ("lineItems", 0, "discountAllocations", 0, "allocatedAmountSet"),
    "tax": ("lineItems", 0, "taxLines", 0, "priceSet"),
    "shipping": ("shippingLines", 0, "discountedPriceSet"),
    "fee": ("additionalFees", 0, "price"),
    "refund": ("refunds", 0, "refundLineItems", 0, "subtotalSet"),
}
REJECTED = {
    "price": ["gross_amount"],
    "discount": ["discount_amount"],
    "tax": ["tax_amount"],
    "shipping": [
        "shipping_amount",
        "order_id",
        "order_id",
    ],  # the order with its line and its refund
    "fee": ["fee_amount", "order_id", "order_id"],
    "refund": ["merchandise_amount"],
}
"""The columns that rejected records name."""


def order(number: int = 1, **facts: Any) -> OrderFacts:
    return OrderFacts(
        number, facts.pop("created_at", NOON), [LineFacts("MUG", Decimal(10))], **facts
    )


def with_amount(number: int, name: str, amount: Any) -> dict[str, Any]:
    """An order in which one amount is another, as JSON or as text."""
    line = LineFacts(
        "MUG",
        Decimal(18),
        2,
        discounts=[DiscountFacts(Decimal(3))],
        taxes=[TaxFacts(Decimal("0.10"))],
    )
    refund = RefundFacts(
        NOON, [RefundLineFacts(0, subtotal=Decimal(7))], transactions=[]
    )
    shipping, fees = [ShippingFacts(Decimal(5))], [FeeFacts("Bag", Decimal(1))]
    built = build_order(
        OrderFacts(number, NOON, [line], shipping=shipping, fees=fees, refunds=[refund])
    )
    reduce(lambda value, key: value[key], PATHS[name], built)["shopMoney"]["amount"] = (
        amount
    )
    return built


@pytest.mark.parametrize("amount", [12, 12.0, "12", "12.0000000000", "1.2e1"])
def test_an_amount_may_be_a_number_and_have_further_zeros(amount: Any, load) -> None:
    loaded = load(
        *(with_amount(number, name, amount) for number, name in enumerate(PATHS))
    )
    assert loaded.accounts["rows_rejected"] == 0
    sums = loaded.sums() | {
        "tax": sum(row["tax_amount"] for row in loaded.rows("order_lines"))
    }
    names = ("gross", "discounts", "tax", "shipping", "fees", "returns")
    usual = [Decimal(each) for each in ("36", "3", "3.3", "5", "1", "7")]
    assert [sums[name] for name in names] == [5 * each + 12 for each in usual]


@pytest.mark.parametrize("amount", ["12.1234567890", "twelve"])
def test_an_amount_that_is_none_is_rejected_alone(amount: str, load) -> None:
    loaded = load(
        *(with_amount(number, name, amount) for number, name in enumerate(PATHS)),
        order(9),
    )
    rejected = loaded.rows("rejected_rows")
    columns = [
        sorted(
            row["detail"].split(" = ")[0]
            for row in rejected
            if row["order_id"] == str(number)
        )
        for number in range(len(PATHS))
    ]
    assert columns == [sorted(names) for names in REJECTED.values()]
    reasons = {row["reason"] for row in rejected} - {"order_rejected"}
    assert reasons == {"invalid_number" if amount == "twelve" else "too_many_digits"}
    assert sum(amount in row["detail"] for row in rejected) == len(PATHS)
    rejected_whole = {
        str(number) for number, names in enumerate(REJECTED.values()) if len(names) > 1
    }
    stored = {row["order_id"] for row in loaded.rows("orders")}
    assert stored == {"9", *map(str, range(len(PATHS)))} - rejected_whole


def test_an_order_without_all_that_may_be_null_is_loaded(
    load: Callable[..., Loadable],
) -> None:
    built = build_order(
        order(email="ann@example.com", customer_id=7, utm={"source": "x"})
    )
    nullable = (
        *(
            "app",
            "attribution",
            "billingAddress",
            "customer",
            "customerJourneySummary",
            "email",
        ),
        *(
            "displayFinancialStatus",
            "originalTotalDutiesSet",
            "retailLocation",
            "shippingAddress",
        ),
        *("sourceName", "totalTaxSet", "totalTipReceivedSet"),
    )
    line = built["lineItems"][0] | dict.fromkeys(("product", "sku", "variant"))
    loaded = load(built | dict.fromkeys(nullable) | {"lineItems": [line]})
    (row,) = loaded.rows("orders")
    assert (row["channel"], row["status"], row["gross_amount"]) == (
        "shopify",
        "pending",
        10,
    )
    assert (row["customer_hash"], row["country_code"], row["tax_amount"]) == (
        None,
        None,
        0,
    )
    assert loaded.accounts["rows_rejected"] == 0


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({"financial_status": None, "fulfillment_status": "UNFULFILLED"}, "completed"),
        (
            {"financial_status": "PENDING", "fulfillment_status": "UNFULFILLED"},
            "completed",
        ),
        (
            {"financial_status": "PAID", "fulfillment_status": "UNFULFILLED"},
            "processing",
        ),
        ({"financial_status": "VOIDED"}, "cancelled"),
        ({"financial_status": None, "cancelled_at": NOON}, "cancelled"),
    ],
)
def test_an_order_of_nothing_has_a_status(
    facts: dict[str, Any], status: str, load
) -> None:
    loaded = load(OrderFacts(1, NOON, [LineFacts("GIFT", Decimal(0))], **facts))
    assert [row["status"] for row in loaded.rows("orders")] == [status]


def test_a_guest_is_known_by_the_e_mail_address(load: Callable[..., Loadable]) -> None:
    loaded = load(
        order(1, email="Ann@Example.com"),
        order(2, email="ann@example.com ", customer_id=7),
        order(3, email="bob@example.com"),
        order(4),
    )
    hashes = [row["customer_hash"] for row in loaded.rows("orders")]
    assert hashes[0] == hashes[1]
    assert len({*hashes}) == 3
    assert hashes[3] is None


def test_amounts_are_in_the_currency_of_the_shop(load: Callable[..., Loadable]) -> None:
    loaded = load(
        order(currency="CAD", presentment_currency="USD", exchange_rate=Decimal("1.6"))
    )
    (row,) = loaded.rows("orders")
    assert (row["currency"], row["gross_amount"]) == ("CAD", 10)


def test_the_setting_decides_about_days_and_the_check_hints_at_another_timezone(
    serve, tmp_path: Path
) -> None:
    serve(
        order(1, created_at=DAY.start),
        order(2, created_at=DAY.end - HOUR / 60),
        order(3, created_at=DAY.end, updated_at=DAY.end),
        ianaTimezone="Europe/Berlin",
    )
    days = [
        row["business_date"] for row in Loadable(window_in(tmp_path)).rows("orders")
    ]
    assert [(day - DAY.date).days for day in days] == [0, 0, 1]
    hints = [text for state, text in shopify.check() if state == HINT]
    assert len(hints) == 1
    assert (
        "the shop's timezone is Europe/Berlin, and SHOP_TIMEZONE is America/New_York"
        in hints[0]
    )


def test_the_check_reports_what_the_app_may_not_see(
    serve: Callable[..., Shopify],
) -> None:
    serve(
        order(updated_at=DAY.end),
        accessScopes=["read_orders", "read_products"],
        protectedData=["customer"],
    )
    lines = list(shopify.check())
    assert [text for state, text in lines if state == FAIL] == [
        "the app lacks the access scopes read_returns"
    ]
    assert any("read_all_orders" in text for state, text in lines if state == HINT)


def test_a_line_on_two_pages_counts_once(
    serve: Callable[..., Shopify], tmp_path: Path
) -> None:
    items = [LineFacts(f"SKU-{number}", Decimal(10)) for number in range(300)]
    shop = serve(OrderFacts(1, NOON, items))

    def repeat(body: bytes) -> bytes:
        answer = json.loads(body)
        nodes = answer["data"]["holder"]["lineItems"]["nodes"]
        first = shop.store.orders["gid://shopify/Order/1"]["lineItems"][249]
        nodes.insert(0, nodes[0] | {"id": first["id"], "sku": first["sku"]})
        return json.dumps(answer).encode()

    shop.faults.append(Fault("OrderLines", rewrite=repeat))
    loaded = Loadable(window_in(tmp_path))
    assert [row["item_count"] for row in loaded.rows("orders")] == [300]
    assert loaded.accounts["warnings"] == []


def test_what_a_bulk_operation_gives_twice_counts_once(
    serve, tmp_path: Path, monkeypatch
) -> None:
    shipping = [ShippingFacts(Decimal(5))]
    shop = serve(*(order(number, shipping=shipping) for number in range(1, 21)))
    monkeypatch.setattr(extraction, "IN_BULK", 10)
    monkeypatch.setattr(bulk, "PAUSE", 0.0)
    shop.bulk.faults.append(BulkFault(count_error=60))
    shop.faults.append(Fault("/bulk/", rewrite=lambda body: body * 2))
    loaded = Loadable(window_in(tmp_path))
    assert [row["item_count"] for row in loaded.rows("orders")] == [1] * 20
    assert loaded.sums()["shipping"] == 100
    assert loaded.accounts["rows_superseded"] == 0
