"""The columns that an order's fields become; unusual orders are loaded correctly, or one
record is rejected with its reason."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import reduce

import pyarrow as pa
import pytest

from demo.services.shopify import (
    FeeFacts,
    LineFacts,
    OrderFacts,
    TaxFacts,
    build_order,
)
from ecommerce.core.check_result import FAIL, HINT
from ecommerce.sources import shopify
from tests.integration.shopify.orders import (
    LATER,
    line,
    off,
    order,
    paid,
    refund,
    shipping,
    unit,
)
from tests.integration.shopify.reading import DAY, NOON, Loadable, window_in
from tests.memory import LINES, Remembered

WEEK = timedelta(days=7)
UNPAID = {"payments": []}
FREE = LineFacts("GIFT", Decimal(0))
RETAIL = {"retailLocation": {"address": {"countryCode": "CA"}}}
NOWHERE = {"shippingAddress": None, "billingAddress": None}
NULLABLE = (
    "app",
    "attribution",
    "billingAddress",
    "customer",
    "customerJourneySummary",
    "email",
    "displayFinancialStatus",
    "originalTotalDutiesSet",
    "retailLocation",
    "shippingAddress",
    "sourceName",
    "totalTaxSet",
)


def status(name, **facts):
    return order(line("10"), financial_status=name, **facts)


ORDERS = {
    # The facts, fields of the answer in place of the usual ones, the columns.
    "paid and sent": (status("PAID"), {}, {"status": "completed", "is_sale": True}),
    "paid": (
        status("PAID", fulfillment_status="UNFULFILLED"),
        {},
        {"status": "processing", "is_sale": True},
    ),
    "paid in part": (status("PARTIALLY_PAID"), {}, {"status": "processing"}),
    "authorized": (status("AUTHORIZED"), {}, {"status": "on-hold", "is_sale": False}),
    "pending": (status("PENDING"), {}, {"status": "pending", "is_sale": False}),
    "without status": (status(None), {}, {"status": "pending", "is_sale": False}),
    "voided": (status("VOIDED"), {}, {"status": "cancelled", "is_sale": False}),
    "expired": (status("EXPIRED"), {}, {"status": "failed", "is_sale": False}),
    "refunded": (status("REFUNDED"), {}, {"status": "refunded", "is_sale": True}),
    "refunded in part": (
        status("PARTIALLY_REFUNDED"),
        {},
        {"status": "partially_refunded", "is_sale": True},
    ),
    "cancelled before it was paid": (
        status("PENDING", cancelled_at=LATER, **UNPAID),
        {},
        {"status": "cancelled", "is_sale": False},
    ),
    "cancelled, and refunded": (
        status("REFUNDED", cancelled_at=LATER),
        {},
        {"status": "refunded", "is_sale": True},
    ),
    "free": (order(FREE, financial_status="PENDING"), {}, {"status": "completed"}),
    "free, without status": (
        order(FREE, financial_status=None),
        {},
        {"status": "completed"},
    ),
    "free, and cancelled": (
        order(FREE, financial_status=None, cancelled_at=LATER),
        {},
        {"status": "cancelled"},
    ),
    "a test": (order(line("10"), test=True), {}, {"is_test": True}),
    "of the online shop": (
        order(line("10")),
        {"attribution": {"displayName": "Online Store!"}},
        {"channel": "shopify_online_store", "is_test": False},
    ),
    "of an app": (
        order(line("10")),
        {"attribution": None, "app": {"name": "Draft Orders"}},
        {"channel": "shopify_draft_orders"},
    ),
    "of a source": (
        order(line("10"), source_name="pos"),
        {"attribution": None, "app": None},
        {"channel": "shopify_pos"},
    ),
    "to one country, paid in another": (
        order(line("10")),
        RETAIL
        | {
            "shippingAddress": {"countryCodeV2": "FR"},
            "billingAddress": {"countryCodeV2": "DE"},
        },
        {"country_code": "FR"},
    ),
    "with a billing address alone": (
        order(line("10")),
        RETAIL | {"shippingAddress": None, "billingAddress": {"countryCodeV2": "DE"}},
        {"country_code": "DE"},
    ),
    "sold in a store": (order(line("10")), RETAIL | NOWHERE, {"country_code": "CA"}),
    "with two codes": (
        order(line("10", discounts=[off("1", code="A"), off("2", code="B")])),
        {},
        {"coupon_code": "A,B", "discount_amount": 3},
    ),
    "in the shop's currency": (
        order(
            line("10"),
            currency="CAD",
        ),
        {},
        {"currency": "CAD", "gross_amount": 10},
    ),
    "before the shop changed its currency": (
        order(line("10"), currency="EUR"),
        {"currencyCode": "USD"},
        {"currency": "EUR"},
    ),
    "imported, and dated back": (
        order(line("10"), processed_at=NOON - WEEK),
        {},
        {"business_date": date(2026, 11, 12), "ordered_at": NOON - WEEK},
    ),
    "of the first instant": (
        OrderFacts(1, DAY.start, [line("10")]),
        {},
        {"business_date": DAY.date},
    ),
    "of the first instant of the next day": (
        OrderFacts(1, DAY.end, [line("10")]),
        {},
        {"business_date": date(2026, 11, 20)},
    ),
    "without all that may be null": (
        order(line("10"), email="ann@example.com", customer_id=7, utm={"source": "x"}),
        dict.fromkeys(NULLABLE),
        {
            "channel": "shopify",
            "status": "pending",
            "gross_amount": 10,
            "tax_amount": 0,
            "customer_hash": None,
            "country_code": None,
        },
    ),
}


def built(number, facts, fields):
    return build_order(replace(facts, number=number)) | fields


def test_the_columns_of_orders(load):
    answers = []
    for number, (facts, fields, _) in enumerate(ORDERS.values(), 1):
        answers.append(built(number, facts, fields))
    loaded = load(*answers)
    rows = {int(row["order_id"]): row for row in loaded.rows("orders")}
    found = {}
    expected = {}
    for number, (name, (_, _, columns)) in enumerate(ORDERS.items(), 1):
        expected[name] = columns
        found[name] = {column: rows[number][column] for column in columns}
    assert found == expected
    assert loaded.accounts["rows_rejected"] == 0


def refunded(answer):
    """The line of the first refund."""
    return answer["refunds"][0]["refundLineItems"][0]["lineItem"]


def as_stored(source, order_ids):
    """The third line of each order as it was when its product existed."""
    known = {"line_number": 3, "sku": "C", "category": "Bowls"}
    return pa.Table.from_pylist(
        [known | {"order_id": each} for each in order_ids], LINES
    )


def test_the_columns_of_lines_and_refunds(serve, tmp_path):
    lines = [
        line("10", 3, sku="A", title="Mug", product_type="Cups", category="x", off="1"),
        line("5.50", sku="B", category="Plates", rate="0.10"),
        line("2", 4, sku="C", removed=1, deleted_product=True),
    ]
    refunds = [
        refund(unit(0, 2), note="chipped"),
        refund(unit(1, restock_type="CANCEL"), note=""),
        refund(note="sorry", transactions=[paid("1")]),
    ]
    refunds[1].at = DAY.end
    facts = {"processed_at": NOON - WEEK, "edited_at": LATER, "taxes_included": True}
    answer = built(1, order(*lines, refunds=refunds, **facts), {})
    # Ids are numbers, and lines are numbered by them.
    for item in (answer["lineItems"][0], refunded(answer)):
        item["id"] = "gid://shopify/LineItem/999"
    answer["lineItems"].reverse()
    serve(answer)
    earlier_reads = Remembered(known_lines=as_stored)
    loaded = Loadable(window_in(tmp_path, earlier_reads=earlier_reads))
    columns = "line_number sku product_name category quantity unit_price tax_amount"
    rows = [
        tuple(row[name] for name in columns.split())
        for row in loaded.rows("order_lines")
    ]
    assert rows == [
        (1, "A", "Mug", "Cups", 3, 10, 0),
        (2, "B", "B", "Plates", 1, 5, Decimal("0.5")),
        (3, "C", "C", "Bowls", 4, 2, 0),
    ]
    assert {row["channel"] for row in loaded.rows("refunds")} == {"shopify_web"}
    columns = "refund_id line_number sku category quantity reason business_date"
    rows = [
        tuple(row[name] for name in columns.split()) for row in loaded.rows("refunds")
    ]
    assert rows == [
        ("1001", 1, "A", "Cups", 2, "chipped", DAY.date),
        ("1002", 2, "B", "Plates", 1, "cancel", date(2026, 11, 20)),
        ("1003", 0, None, "unallocated", 0, "sorry", DAY.date),
        (
            "removed-1",
            3,
            "C",
            "Bowls",
            1,
            "removed from the order",
            date(2026, 11, 12),
        ),
    ]


def test_a_guest_is_known_by_the_e_mail_address(load):
    customers = [
        {"email": "Ann@Example.com"},
        {"email": "ann@example.com ", "customer_id": 7},
        {"email": "bob@example.com"},
        {"customer_id": 8},
        {"customer_id": 8},
        {},
    ]
    orders = []
    for number, customer in enumerate(customers, 1):
        orders.append(OrderFacts(number, NOON, [line("10")], **customer))
    hashes = [row["customer_hash"] for row in load(*orders).rows("orders")]
    assert hashes[0] == hashes[1]
    assert hashes[3] == hashes[4]
    assert hashes[5] is None
    assert len({*hashes}) == 4


PATHS = {
    "price": ("lineItems", 0, "originalTotalSet"),
    "discount": ("lineItems", 0, "discountAllocations", 0, "allocatedAmountSet"),
    "tax": ("lineItems", 0, "taxLines", 0, "priceSet"),
    "shipping": ("shippingLines", 0, "discountedPriceSet"),
    "fee": ("additionalFees", 0, "price"),
    "refund": ("refunds", 0, "refundLineItems", 0, "subtotalSet"),
}
WHOLE_ORDER = ["order_id", "order_id"]
"""Its line and its refund are rejected with an order."""
REJECTED = {
    "price": ["gross_amount"],
    "discount": ["discount_amount"],
    "tax": ["tax_amount"],
    "shipping": [*WHOLE_ORDER, "shipping_amount"],
    "fee": ["fee_amount", *WHOLE_ORDER],
    "refund": ["merchandise_amount"],
}
"""The columns that rejected records name."""


def with_amount(number, name, amount):
    """An order in which one amount is another, as JSON or as text."""
    facts = order(
        line("18", 2, off="3", taxes=[TaxFacts(Decimal("0.10"))]),
        refunds=[refund(unit(subtotal=Decimal(7)), transactions=[])],
        shipping=[shipping("5")],
        fees=[FeeFacts("Bag", Decimal(1))],
    )
    answer = built(number, facts, {})
    money = reduce(lambda value, key: value[key], PATHS[name], answer)
    money["shopMoney"]["amount"] = amount
    return answer


def test_an_amount_may_be_a_number_and_have_further_zeros(load):
    forms = [12, 12.0, "12", "12.0000000000", "1.2e1"]
    orders = []
    for form in forms:
        for name in PATHS:
            orders.append(with_amount(len(orders), name, form))
    loaded = load(*orders)
    assert loaded.accounts["rows_rejected"] == 0
    sums = dict.fromkeys(("gross", "discounts", "shipping", "fees", "returns"), 0)
    for figures in loaded.figures().values():
        for name in sums:
            sums[name] += figures[name]
    tax = sum(row["tax_amount"] for row in loaded.rows("order_lines"))
    found = [*sums.values(), tax]
    usual = [Decimal(each) for each in ("36", "3", "5", "1", "7", "3.3")]
    assert found == [len(forms) * (5 * each + 12) for each in usual]


@pytest.mark.parametrize(
    ("amount", "reason"),
    [("12.1234567890", "too_many_digits"), ("twelve", "invalid_number")],
)
def test_an_amount_that_is_none_is_rejected_alone(amount, reason, load):
    orders = [with_amount(number, name, amount) for number, name in enumerate(PATHS)]
    loaded = load(*orders, OrderFacts(9, NOON, [line("10")]))
    columns = {name: [] for name in PATHS}
    for row in loaded.rows("rejected_rows"):
        name = list(PATHS)[int(row["order_id"])]
        columns[name].append(row["detail"].partition(" = ")[0])
        assert row["reason"] in (reason, "order_rejected")
    assert {name: sorted(found) for name, found in columns.items()} == REJECTED
    stored = {row["order_id"] for row in loaded.rows("orders")}
    assert stored == {"0", "1", "2", "5", "9"}


def test_the_check_reports_another_timezone_missing_scopes_and_deprecation(
    serve, snapshot
):
    shop = serve(
        order(line("10"), updated_at=DAY.end),
        ianaTimezone="Europe/Berlin",
        accessScopes=["read_orders", "read_products"],
    )
    shop.deprecated = "https://shopify.dev/changelog/an-older-field"
    lines = list(shopify.check())
    assert [state for state, _ in lines].count(FAIL) == 1
    assert [state for state, _ in lines].count(HINT) == 4
    assert "\n".join(f"{state}: {text}" for state, text in lines) == snapshot
