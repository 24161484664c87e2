"""The cost of goods of a line, and what returned units give back of it; unknown is never zero."""

from decimal import Decimal

import pytest

from tests.unit.sales.tables import check, records
from tests.unit.sales.transform import raw_folders
from tests.unit.sales.transform.raw_folders import (
    csv_line,
    item,
    order,
    page_line,
    page_order,
    page_refund,
    refund,
    refund_line,
)


def costs(rows):
    return {row["line_number"]: row["cost_amount"] for row in rows}


# A product's cost is in the reporting currency, a line's in that of the order.
ITEMS = """
order_id | line_number | sku  | unit_cost
O1       | 1           |      | 4.20
O1       | 2           |      |
O1       | 3           | GONE |
O1       | 4           |      | 0
O1       | 5           | GONE | -1
O1       | 6           | GONE | n/a
euro     | 7           |      |
euro     | 8           |      | 3
"""
REFUNDS = """
refund_id | order_id | line_number | quantity | amount
unit      |          |             |          |
amount    |          |             | NULL     | 3
order     |          | NULL        | NULL     |
unknown   |          | 3           |          |
free      |          | 4           |          |
other     | O9       |             |          |
of euro   | euro     | 8           | 2        |
"""


def test_of_the_sales_database(raw, monkeypatch):
    for table in ("order_items", "products"):
        columns = raw_folders.SALES_DB[table] + ", unit_cost VARCHAR"
        monkeypatch.setitem(raw_folders.SALES_DB, table, columns)
    done = raw.sales_db(
        orders=[order(), order("euro", currency="EUR")],
        order_items=records(item, ITEMS),
        products=[{"sku": "MUG-01", "name": "Mug", "unit_cost": "5.5"}],
        refunds=records(refund, REFUNDS),
    )
    check(
        done.order_lines,
        """
line | cost
1    | 8.4
2    | 11
3    | NULL
4    | 0
5    | NULL
6    | NULL
7    | NULL
8    | 6
""",
    )
    check(
        done.refunds,
        """
refund_id | cost
unit      | 4.2
amount    | 0
order     | NULL
unknown   | NULL
free      | 0
other     | NULL
of euro   | 6
""",
    )


def test_without_the_columns_no_line_of_the_sales_database_has_a_cost(raw):
    product = {"sku": "MUG-01", "name": "Mug"}
    done = raw.sales_db(
        orders=[order()],
        order_items=[item()],
        products=[product],
        refunds=[refund()],
    )
    assert costs(done.order_lines) == {1: None}
    assert costs(done.refunds) == {1: None}


@pytest.mark.parametrize(
    ("stated", "cost"),
    [
        ({}, None),
        ({"cost_of_goods_sold": {"value": 12.5}}, Decimal("12.5")),
        ({"cost_of_goods_sold": {"value": 37.019999999999996}}, Decimal("37.02")),
        # What WooCommerce has for a product without a cost.
        ({"cost_of_goods_sold": {"value": 0}}, None),
    ],
)
def test_of_a_woocommerce_line(raw, stated, cost):
    """Half of it comes back with one of two pieces, nothing with an amount alone."""
    part = refund_line(11, "-18.00", "-1.44")
    refunds = [
        page_refund(900, amount="19.44", line_items=[part]),
        page_refund(901, amount="2.00"),
    ]
    order_of_line = page_order(line_items=[page_line(11, **stated)])
    done = raw.storefront([order_of_line], refunds=refunds)
    assert costs(done.order_lines) == {11: cost}
    assert costs(done.refunds) == {11: cost and cost / 2, 0: cost and 0}


def test_of_a_woocommerce_line_with_a_negative_amount(raw):
    """A piece that an exchange takes back gives its cost back; a voucher costs nothing."""
    cost = {"cost_of_goods_sold": {"value": -12.5}}
    unknown = {"cost_of_goods_sold": {"value": 0}}
    back = {"subtotal": "-40.00", "total": "-40.00"}
    lines = [
        page_line(11, cost_of_goods_sold={"value": 25}),
        page_line(12, quantity=-1, **back, **cost),
        page_line(13, quantity=-1, **back, **unknown),
        page_line(14, quantity=1, **back, **unknown),
    ]
    parts = [refund_line(11, "-40.00", "0", quantity=-2)]
    for line_number in (12, 13, 14):
        parts.append(refund_line(line_number, "10.00", "0", quantity=1))
    refunds = [page_refund(amount="10.00", line_items=parts)]
    done = raw.storefront([page_order(line_items=lines)], refunds=refunds)
    assert costs(done.order_lines) == {11: 25, 12: Decimal("-12.5"), 13: None, 14: 0}
    # What is refunded as a whole has cost nothing.
    assert costs(done.refunds) == costs(done.order_lines)


def test_of_a_partners_line(raw):
    lines = [
        csv_line(unit_cost="3.25"),
        csv_line(line_number="2", unit_cost=""),
        csv_line(line_number="3", unit_cost="three"),
    ]
    file = {"name": "acme_1.csv", "lines": lines}
    done = raw.partner_files(file, extras=["unit_cost"])
    assert costs(done.order_lines) == {1: Decimal("6.50"), 2: None, 3: None}
