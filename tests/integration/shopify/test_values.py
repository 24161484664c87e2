"""The columns that an order's fields become; unusual orders are loaded correctly, or one
record is rejected with its reason."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
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
    order,
    paid,
    refund,
    shipping,
    unit,
)
from tests.integration.shopify.reading import DAY, NOON, Loadable
from tests.memory import LINES, Remembered
from tests.rows import column_of
from tests.unit.sales.tables import check

WEEK = timedelta(days=7)
FRANCE = {"shippingAddress": {"countryCodeV2": "FR"}}
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


PAID = order(line("10"))
FREE = order(
    LineFacts("GIFT", Decimal(0)),
    financial_status=None,
)
GONE = {"cancelled_at": LATER}
STATUSES = [
    (PAID, {"financial_status": "PAID"}, "completed", True),
    (PAID, {"fulfillment_status": "UNFULFILLED"}, "processing", True),
    (PAID, {"financial_status": "PARTIALLY_PAID"}, "processing", True),
    (PAID, {"financial_status": "AUTHORIZED"}, "on-hold", False),
    (PAID, {"financial_status": "PENDING"}, "pending", False),
    (PAID, {"financial_status": None}, "pending", False),
    (PAID, {"financial_status": "VOIDED"}, "cancelled", False),
    (PAID, {"financial_status": "EXPIRED"}, "failed", False),
    (PAID, {"financial_status": "REFUNDED"}, "refunded", True),
    (PAID, {"financial_status": "PARTIALLY_REFUNDED"}, "partially_refunded", True),
    (PAID, {"financial_status": "PENDING", "payments": []} | GONE, "cancelled", False),
    (PAID, {"financial_status": "REFUNDED"} | GONE, "refunded", True),
    (FREE, {"financial_status": "PENDING"}, "completed", True),
    (FREE, {}, "completed", True),
    (FREE, GONE, "cancelled", False),
]
"""An order and further facts of it; its status, and whether it is a sale."""
ANSWERS = [
    (
        {"attribution": {"displayName": "Online Store!"}},
        {"channel": "shopify_online_store", "is_test": False},
    ),
    (
        {"attribution": None, "app": {"name": "Draft Orders"}},
        {"channel": "shopify_draft_orders"},
    ),
    (
        {"attribution": None, "app": None, "sourceName": "pos"},
        {"channel": "shopify_pos"},
    ),
    (
        RETAIL | FRANCE | {"billingAddress": {"countryCodeV2": "DE"}},
        {"country_code": "FR"},
    ),
    (
        RETAIL | {"shippingAddress": None, "billingAddress": {"countryCodeV2": "DE"}},
        {"country_code": "DE"},
    ),
    (RETAIL | NOWHERE, {"country_code": "CA"}),
    ({"test": True}, {"is_test": True}),
    ({"discountCodes": ["A", "B"]}, {"coupon_code": "A,B"}),
    (
        {"processedAt": "2026-11-12T17:00:00Z"},
        {
            "business_date": date(2026, 11, 12),
            "ordered_at": datetime(2026, 11, 12, 17, tzinfo=UTC),
        },
    ),
    ({"processedAt": "2026-11-19T05:00:00Z"}, {"business_date": DAY.date}),
    ({"processedAt": "2026-11-20T05:00:00Z"}, {"business_date": date(2026, 11, 20)}),
    (
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
]
"""Fields of an answer in place of the usual ones; columns of the order."""


def built(number, facts, fields):
    return build_order(replace(facts, number=number)) | fields


def test_the_columns_of_orders(load):
    answers = []
    for facts, further, *_ in STATUSES:
        answers.append(
            built(
                len(answers),
                replace(facts, **further),
                {},
            )
        )
    for fields, _ in ANSWERS:
        answers.append(
            built(
                len(answers),
                PAID,
                fields,
            )
        )
    loaded = load(*answers)
    assert loaded.accounts["rows_rejected"] == 0
    rows = sorted(
        loaded.rows("orders"),
        key=lambda row: int(row["order_id"]),
    )
    for row, (_, facts, *expected) in zip(rows, STATUSES, strict=False):
        assert [row["status"], row["is_sale"]] == expected, facts
    for row, (fields, expected) in zip(
        rows[len(STATUSES) :],
        ANSWERS,
        strict=True,
    ):
        assert {column: row[column] for column in expected} == expected, fields


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
        line(
            "10",
            3,
            sku="A",
            title="Mug",
            product_type="Cups",
            category="x",
            off="1",
        ),
        line("5.50", sku="B", category="Plates", rate="0.10"),
        line("2", 4, sku="C", removed=1, deleted_product=True),
    ]
    refunds = [
        refund(unit(0, 2), note="chipped"),
        refund(unit(1, restock_type="CANCEL"), note=""),
        refund(
            note="sorry",
            transactions=[paid("1")],
        ),
    ]
    refunds[1].at = DAY.end
    facts = {
        "processed_at": NOON - WEEK,
        "edited_at": LATER,
        "taxes_included": True,
    }
    answer = built(
        1,
        order(
            *lines,
            refunds=refunds,
            **facts,
        ),
        {},
    )
    # Ids are numbers, and lines are numbered by them.
    for item in (answer["lineItems"][0], refunded(answer)):
        item["id"] = "gid://shopify/LineItem/999"
    answer["lineItems"].reverse()
    serve(answer)
    earlier_reads = Remembered(known_lines=as_stored)
    loaded = Loadable(tmp_path, earlier_reads=earlier_reads)
    check(
        loaded.rows("order_lines"),
        """
line_number | sku | product_name | category | quantity | unit_price | tax
1           | A   | Mug          | Cups     | 3        | 10         | 0
2           | B   | B            | Plates   | 1        | 5          | 0.5
3           | C   | C            | Bowls    | 4        | 2          | 0
""",
    )
    check(
        loaded.rows("refunds"),
        """
refund_id | line_number | sku  | category    | quantity | reason                 | business_date
1001      | 1           | A    | Cups        | 2        | chipped                | 2026-11-19
1002      | 2           | B    | Plates      | 1        | cancel                 | 2026-11-20
1003      | 0           | NULL | unallocated | 0        | sorry                  | 2026-11-19
removed-1 | 3           | C    | Bowls       | 1        | removed from the order | 2026-11-12
""",
    )
    assert set(column_of(loaded.rows("refunds"), "channel")) == {"shopify_web"}


def test_a_customer_is_known_by_the_address_else_by_number(load):
    customers = [
        {"email": "Ann@Example.com"},
        {"email": "ann@example.com ", "customer_id": 7},
        {"customer_id": 8},
        {"customer_id": 8},
        {},
    ]
    orders = []
    for number, customer in enumerate(customers):
        orders.append(
            OrderFacts(
                number,
                NOON,
                [line("10")],
                **customer,
            )
        )
    hashes = column_of(load(*orders).rows("orders"), "customer_hash")
    assert hashes[0] == hashes[1] != hashes[2]
    assert hashes[2] == hashes[3] != hashes[4]
    assert hashes[4] is None


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
    """An order in which one amount is another."""
    facts = order(
        line(
            "18",
            2,
            off="3",
            taxes=[TaxFacts(Decimal("0.10"))],
        ),
        refunds=[refund(unit(subtotal=Decimal(7)), transactions=[])],
        shipping=[shipping("5")],
        fees=[FeeFacts("Bag", Decimal(1))],
    )
    answer = built(number, facts, {})
    money = reduce(
        lambda value, key: value[key],
        PATHS[name],
        answer,
    )
    money["shopMoney"]["amount"] = amount
    return answer


@pytest.mark.parametrize(
    ("amount", "reason"),
    [("12.1234567890", "too_many_digits"), ("twelve", "invalid_number")],
)
def test_an_amount_that_is_none_is_rejected_alone(amount, reason, load):
    orders = [with_amount(number, name, amount) for number, name in enumerate(PATHS)]
    loaded = load(*orders)
    columns = {name: [] for name in PATHS}
    for row in loaded.rows("rejected_rows"):
        name = list(PATHS)[int(row["order_id"])]
        columns[name].append(row["detail"].partition(" = ")[0])
        assert row["reason"] in (reason, "order_rejected")
    assert {name: sorted(found) for name, found in columns.items()} == REJECTED
    assert len(loaded.rows("orders")) == len(orders) - 2


def test_the_check_reports_another_timezone_missing_scopes_and_deprecation(serve):
    shop = serve(
        order(
            line("10"),
            updated_at=DAY.end,
        ),
        ianaTimezone="Europe/Berlin",
        accessScopes=["read_orders", "read_products"],
    )
    shop.deprecated = "https://shopify.dev/changelog/an-older-field"
    lines = list(shopify.check("shopify_api"))
    states = [state for state, _ in lines]
    assert states.count(FAIL) == 1
    assert states.count(HINT) == 6
    text = "\n".join(text for _, text in lines)
    for words in (
        "Europe/Berlin",
        "read_inventory",
        "read_all_orders",
        "read_shopify_payments_accounts",
        "read_shopify_payments_payouts",
        shop.deprecated,
    ):
        assert words in text
