"""Orders and lines of the storefront's pages: one read with an order of each kind."""

from pathlib import Path

import pytest
import yaml

from tests.rows import column_by, column_of
from tests.unit.sales.tables import check, records
from tests.unit.sales.transform.raw_folders import (
    page_line,
    page_order,
    page_refund,
)

KNOWN_LINES = """
order_id | line_number | sku    | category
5        | 51          | OLD-01 | Old
5        | 52          | TEA-01 | Tea
5        | 54          | OLD-01 | Mugs
5        | 56          | JAM-01 | Jam
6        | 53          | XXX-01 | Others
"""


DATA = yaml.safe_load(Path(__file__).with_name("storefront_orders.yaml").read_text())
PLAIN = {"subtotal": "10.00", "total": "10.00", "total_tax": "0"}


def page(name):
    """The orders of a page of `storefront_orders.yaml`."""
    orders = []
    for row in DATA[name]:
        changes = dict(row)
        order_id = changes.pop("id")
        if "lines" in changes:
            lines = [PLAIN | line for line in changes.pop("lines")]
        else:
            lines = changes.pop("discounted", None)
        if lines is not None:
            made = [page_line(**line) for line in lines]
            changes["line_items"] = made
        orders.append(page_order(order_id, **changes))
    return orders


STATED = [
    {"currency": "EUR", "amount": "30.00"},
    {"currency": "USD", "amount": "60000000996.2903"},
]


@pytest.fixture(scope="module")
def done(world):
    return world.storefront(
        page("first_page"),
        page("later_page"),
        refunds=[
            page_refund(
                900, 19, "1.0000000000000002", reason="size &lt; M, ann@example.com"
            )
        ],
        products=DATA["products"],
        known_lines=records(dict, KNOWN_LINES),
        removed_orders=[{"order_id": "77"}],
        totals={"source_amounts": STATED},
    )


def test_orders(done):
    assert set(column_of(done.orders, "attributes")) == {None}
    check(
        done.orders,
        """
order_id | business_date | updated_at       | status         | is_sale | currency | country | coupon
1        | 2026-11-19    | 2026-11-19 16:00 | completed      | True    | USD      | US      | a & b,<e-mail>
2        | 2026-11-19    | 2026-11-19 16:00 | completed      | True    | USD      | US      | NULL
3        | 2026-11-19    | 2026-11-19 16:00 | completed      | True    | USD      | US      | NULL
4        | 2026-11-19    | 2026-11-19 16:00 | completed      | True    | USD      | US      | NULL
5        | 2026-11-19    | 2026-11-19 16:00 | completed      | True    | USD      | US      | NULL
6        | 2026-11-19    | 2026-11-19 16:00 | completed      | True    | USD      | US      | NULL
7        | 2026-11-19    | 2026-11-19 16:00 | completed      | True    | USD      | US      | NULL
8        | 2026-11-19    | 2026-11-19 16:00 | completed      | True    | EUR      | US      | NULL
9        | 2026-11-19    | 2026-11-19 16:00 | completed      | True    | USD      | US      | NULL
13       | 2026-11-19    | 2026-11-19 16:00 | checkout-draft | False   | USD      | US      | NULL
14       | 2026-11-19    | 2026-11-19 16:00 | completed      | True    | USD      | DE      | NULL
15       | 2026-11-19    | 2026-11-19 16:00 | completed      | True    | USD      | NULL    | NULL
16       | 2026-11-19    | 2026-11-19 16:00 | completed      | True    | USD      | FR      | NULL
17       | 2026-11-19    | 2026-11-19 16:00 | completed      | True    | USD      | NULL    | NULL
19       | 2026-11-19    | 2026-11-19 16:00 | for <e-mail>   | False   | USD      | FR      | NULL
""",
    )
    check(
        done.orders,
        """
order_id | item_count | gross            | discount | tax | shipping | fee
1        | 2          | 100              | 11       | 7.7 | 5        | 2.5
2        | 2          | 36.29            | 0        | 1   | 4.95     | 0
3        | 6          | 60000000030.0003 | 2.5      | 7.2 | 5        | 0
4        | 1          | 40               | 4        | 7.2 | 5        | 0
5        | 6          | 60               | 0        | 7.2 | 5        | 0
6        | 0          | 0                | 0        | 0   | 4.95     | 0
7        | 1          | 10               | 0        | 7.2 | 5        | 0
8        | 2          | 100              | 10       | 7.2 | 5        | 0
9        | 1          | 10               | 0        | 7.2 | 5        | 0
13       | 0          | 0                | 0        | 7.2 | 5        | 0
14       | 0          | 0                | 0        | 7.2 | 5        | 0
15       | 2          | 100              | 10       | 7.2 | 5        | 0
16       | 0          | 0                | 0        | 7.2 | 5        | 0
17       | 0          | 0                | 0        | 7.2 | 5        | 0
19       | 0          | 0                | 0        | 7.2 | 5        | 0
""",
    )


def test_a_refund_without_html_and_float_errors(done):
    [refund] = [row for row in done.refunds if row["order_id"] == "19"]
    assert refund["reason"] == "size < M, <e-mail>"
    parts = ("merchandise_amount", "tax_amount", "shipping_amount")
    assert sum(refund[part] for part in parts) == 1


def test_lines(done):
    of_interest = {"1", "2", "3", "5"}
    lines = [row for row in done.order_lines if row["order_id"] in of_interest]
    check(
        lines,
        """
order_id | line_number      | sku      | category        | quantity | unit_price
1        | 11               | MUG-01   | Tea & Tableware | 2        | 30
1        | 12               | MUG-01   | Tea & Tableware | 2        | 20
2        | 9007199254740993 | MUG-01   | Tea & Tableware | 0.5      | 52.58
2        | 9007199254740995 | NULL     | uncategorised   | 3        | 3.3333
3        | 1                | MUG-01   | Tea & Tableware | 2        | 0.0001
3        | 2                | MUG-01   | Tea & Tableware | 3        | 0
3        | 3                | MUG-01   | Tea & Tableware | 6        | 1.6667
3        | 4                | MUG-01   | Tea & Tableware | 1        | 60000000000.0001
3        | 5                | MUG-01   | Tea & Tableware | 0        | -8
3        | 6                | MUG-01   | Tea & Tableware | 2        | 10
5        | 51               | MUG-BLUE | Tea & Tableware | 2        | 5
5        | 52               | TEA-01   | Tea             | 2        | 5
5        | 53               | NULL     | uncategorised   | 2        | 5
5        | 54               | MUG-01   | Mugs            | 2        | 5
5        | 55               | NULL     | uncategorised   | 2        | 5
5        | 56               | JAM-01   | Jam             | 2        | 5
""",
    )
    check(
        lines,
        """
order_id | line_number      | gross            | discount | amount_after_discount | tax
1        | 11               | 60               | 6.6      | 53.4                  | 4.32
1        | 12               | 40               | 4.4      | 35.6                  | 2.88
2        | 9007199254740993 | 26.29            | 0        | 26.29                 | 1
2        | 9007199254740995 | 10               | 0        | 10                    | 0
3        | 1                | 0.0001           | 0        | 0.0001                | 0
3        | 2                | 0.0001           | 0        | 0.0001                | 0
3        | 3                | 10               | 0        | 10                    | 0
3        | 4                | 60000000000.0001 | 0        | 60000000000.0001      | 0
3        | 5                | 0                | 7.5      | -7.5                  | 0
3        | 6                | 20               | -5       | 25                    | 0
5        | 51               | 10               | 0        | 10                    | 0
5        | 52               | 10               | 0        | 10                    | 0
5        | 53               | 10               | 0        | 10                    | 0
5        | 54               | 10               | 0        | 10                    | 0
5        | 55               | 10               | 0        | 10                    | 0
5        | 56               | 10               | 0        | 10                    | 0
""",
    )


@pytest.fixture(scope="module")
def negative(world):
    return world.storefront(page("negative_amounts"))


def test_a_line_with_a_negative_amount_is_a_discount_whatever_its_quantity(negative):
    lines = [row for row in negative.order_lines if row["order_id"] == "22"]
    check(
        lines,
        """
line_number | quantity | gross | discount | amount_after_discount
21          | 2        | 60    | 0        | 60
22          | 0        | 0     | 40       | -40
23          | 0        | 0     | 5        | -5
24          | 0        | 0     | 2        | -2
""",
    )


def test_a_negative_fee_is_a_discount_divided_by_what_the_lines_cost(negative):
    """Order 25 has no line that costs anything, and 24 has no line: the fee stays a fee."""
    check(
        negative.orders,
        """
order_id | gross | discount | fee
22       | 60    | 47       | 0
23       | 40    | 21       | 3
24       | 0     | 0        | -4
25       | 10    | 10       | -5
27       | 100   | 108      | 0
""",
    )
    divided = [row for row in negative.order_lines if row["order_id"] in ("23", "27")]
    check(
        divided,
        """
order_id | line_number | gross | discount | amount_after_discount
23       | 31          | 10    | 3.3333   | 6.6667
23       | 32          | 10    | 3.3334   | 6.6666
23       | 33          | 10    | 3.3333   | 6.6667
23       | 34          | 10    | 10       | 0
23       | 35          | 0     | 1        | -1
27       | 11          | 60    | 64.8     | -4.8
27       | 12          | 40    | 43.2     | -3.2
""",
    )
    rejected = {(row["order_id"], row["detail"]) for row in negative.rejected_rows}
    assert rejected == {
        ("22", "quantity = -1"),
        ("26", "fee_amount = ?"),
        ("26", "order_id = 26"),
    }


def test_names_are_text_and_not_html(done):
    names = column_by(done.order_lines, "line_number", "product_name")
    assert names[51] == 'Sam\u2019s "Best" Tea & Biscuits for <e-mail>'
    check(
        done.products,
        """
sku    | name      | category        | updated_at
MUG    | Tea & Mug | Tea & Tableware | NULL
MUG-01 | Pot       | Pots            | 2026-11-01 00:00
""",
    )


def test_rejected_rows(done):
    check(
        done.rejected_rows,
        """
order_id | reason           | detail
4        | invalid_number   | quantity = many
4        | invalid_number   | gross_amount = n/a
4        | invalid_number   | discount_amount = free
4        | invalid_number   | tax_amount = x
4        | invalid_quantity | quantity = 0
4        | invalid_number   | line_number = 6.5
8        | invalid_number   | tax_amount = ?
8        | order_rejected   | order_id = 8
9        | invalid_number   | quantity = many
10       | invalid_number   | fee_amount = ?
10       | order_rejected   | order_id = 10
10       | order_rejected   | order_id = 10
11       | undated_draft    | ordered_at is empty
11       | undated_draft    | order_id = 11
11       | undated_draft    | order_id = 11
12       | missing_value    | ordered_at is empty
12       | order_rejected   | order_id = 12
12       | order_rejected   | order_id = 12
18       | missing_value    | currency is empty
18       | order_rejected   | order_id = 18
18       | order_rejected   | order_id = 18
20       | invalid_number   | shipping_amount = much
20       | order_rejected   | order_id = 20
20       | order_rejected   | order_id = 20
21       | invalid_number   | tax_amount = some
""",
    )
    files = set(column_of(done.rejected_rows, "file"))
    first, later = "orders/0000-00-0001.json", "orders/0000-01-0001.json"
    lines = {f"{first}#line_items", f"{later}#line_items"}
    assert files == {first, later} | lines


def test_every_row_that_was_read_is_accounted_for(done):
    # 24 orders, 45 lines and a refund; what orders 7 and 9 were before is superseded
    assert done.counts == (70, 39, 25, 6)
    assert done.totals["orders"] == 15


def test_the_source_counts_the_newest_answer_and_an_older_one_is_loaded(done):
    check(
        done.control_totals,
        """
currency | source_amount    | loaded           | superseded | rejected
EUR      | 30               | 100              | -100       | 30
USD      | 60000000996.2903 | 60000000386.2903 | 0          | 610
         | 0                | 0                | 0          | 100
""",
    )


def test_an_answer_has_no_version_but_the_time_of_its_read(done):
    replaced = set(column_of(done.order_versions, "order_id"))
    assert replaced == set(column_of(done.orders, "order_id")) | {"77"}
    assert set(column_of(done.order_versions, "version_updated_at")) == {None}


def test_a_customer_is_known_by_address_else_by_number(done):
    ann = done["1"]["customer_hash"]
    by_number = done["17"]["customer_hash"]
    assert done["16"]["customer_hash"] == ann
    assert done["15"]["customer_hash"] is None
    assert len({ann, by_number, None}) == 3
    check(
        done.customers,
        f"""
customer_hash | country_code
{ann}         | US
{by_number}   | NULL
""",
    )


@pytest.mark.parametrize("secret", ["@example", "Annabel", "555-0100", "first_name"])
def test_nothing_personal_is_left(done, secret):
    assert secret not in repr(done.tables)


@pytest.mark.parametrize("empty", ["", False, None])
def test_empty_amounts(raw, empty):
    """PHP has these for no number; a line without total has no known discount."""
    lines = [page_line(11, total_tax=empty), page_line(12, total=empty)]
    order = page_order(
        line_items=lines,
        shipping_total=empty,
        total_tax=empty,
        fee_lines=[{"total": empty}],
        customer_id=empty,
        billing={},
    )
    done = raw.storefront([order])
    check(
        done.orders,
        """
order_id | item_count | gross | discount | tax | shipping | fee
100      | 1          | 40    | 4        | 0   | 0        | 0
""",
    )
    assert done["100"]["customer_hash"] is None
    assert column_of(done.rejected_rows, "reason") == ["invalid_number"]
