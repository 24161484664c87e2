"""The cost of goods of a line, and what returned units give back of it; unknown is never zero."""

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


STATED = [
    {},
    {"cost_of_goods_sold": {"value": 12.5}},
    {"cost_of_goods_sold": {"value": 37.019999999999996}},
    # What WooCommerce has for a product without a cost.
    {"cost_of_goods_sold": {"value": 0}},
]


def of_negative_amounts():
    """An order of which a piece was exchanged, with a voucher, and its refund of all lines."""
    back = {"subtotal": "-40.00", "total": "-40.00"}
    lines = [
        page_line(21, cost_of_goods_sold={"value": 25}),
        page_line(22, quantity=-1, **back, cost_of_goods_sold={"value": -12.5}),
        page_line(23, quantity=-1, **back, cost_of_goods_sold={"value": 0}),
        page_line(24, quantity=1, **back, cost_of_goods_sold={"value": 0}),
    ]
    parts = [refund_line(21, "-40.00", "0", quantity=-2)]
    for line_number in (22, 23, 24):
        parts.append(refund_line(line_number, "10.00", "0", quantity=1))
    return page_order(9, line_items=lines), page_refund(9, 9, "10.00", line_items=parts)


def test_of_woocommerce_lines(raw):
    """Half of it comes back with one of two pieces, nothing with an amount alone.

    A piece that an exchange takes back gives its cost back; a voucher costs nothing.
    """
    exchange, refund_of_all = of_negative_amounts()
    orders = [exchange]
    refunds = [refund_of_all]
    for number, stated in enumerate(STATED):
        orders.append(page_order(number, line_items=[page_line(11, **stated)]))
        part = refund_line(11, "-18.00", "-1.44")
        refunds += [
            page_refund(10 + number, number, "19.44", line_items=[part]),
            page_refund(20 + number, number, "2.00"),
        ]
    done = raw.storefront(orders, refunds=refunds)
    check(
        done.order_lines,
        """
order_id | line | cost
0        | 11   | NULL
1        | 11   | 12.5
2        | 11   | 37.02
3        | 11   | NULL
9        | 21   | 25
9        | 22   | -12.5
9        | 23   | NULL
9        | 24   | 0
""",
    )
    # What is refunded as a whole has cost nothing.
    check(
        done.refunds,
        """
order_id | line | cost
0        | 11   | NULL
0        | 0    | NULL
1        | 11   | 6.25
1        | 0    | 0
2        | 11   | 18.51
2        | 0    | 0
3        | 11   | NULL
3        | 0    | NULL
9        | 21   | 25
9        | 22   | -12.5
9        | 23   | NULL
9        | 24   | 0
""",
    )


def test_of_a_partners_line(raw):
    lines = [
        csv_line(unit_cost="3.25"),
        csv_line(line_number="2", unit_cost=""),
        csv_line(line_number="3", unit_cost="three"),
    ]
    file = {"name": "acme_1.csv", "lines": lines}
    done = raw.partner_files(file, extras=["unit_cost"])
    check(
        done.order_lines,
        """
line | cost
1    | 6.5
2    | NULL
3    | NULL
""",
    )
