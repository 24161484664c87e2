"""How the amounts of the storefront's refunds are split: one read, an order for each case."""

import pytest

from tests.rows import column_of
from tests.unit.sales.tables import cells, check, records
from tests.unit.sales.transform.raw_folders import (
    READ_AT,
    page_line,
    page_order,
    page_refund,
    refund_line,
    stored_refund,
)

ORDERS = {
    1: "of a line",
    2: "goodwill",
    3: "full refund of an amount",
    4: "refund after refund",
    5: "read twice",
    6: "lines before an amount",
    7: "shipping and fee lines",
    8: "lines that the order does not have",
    9: "empty or invalid",
    10: "negative",
    11: "nothing paid back",
    12: "known from an earlier read",
    13: "less paid back than its lines",
    14: "a voucher",
    15: "a voucher first, and reduced",
    16: "more than the order, with fees",
    17: "shipping named before",
    18: "without an amount",
    19: "more than its lines",
    20: "an invalid shipping line",
    21: "two refunds of one line",
    22: "with a negative fee",
    23: "with a negative fee that no line shares",
    24: "with a negative fee and its tax",
    25: "first a voucher of more than the goods",
    26: "first a voucher with more tax than the goods",
}


def vouchers(tax="0", tax_of_voucher="0", total_tax="0"):
    """A knife of 50.00 with a voucher of 10.00."""
    knife = page_line(11, subtotal="50.00", total="50.00", total_tax=tax)
    voucher = page_line(12, subtotal="-10.00", total="-10.00", total_tax=tax_of_voucher)
    return {"line_items": [knife, voucher], "total_tax": total_tax}


NEGATIVE_FEE = {"fee_lines": [{"total": "-9.00"}]}
CHANGES = {
    12: {"status": "cancelled"},
    14: vouchers(),
    15: vouchers(),
    16: {"fee_lines": [{"total": "2.50"}]},
    22: NEGATIVE_FEE,
    23: NEGATIVE_FEE,
    24: NEGATIVE_FEE,
    25: vouchers(tax="5.00", total_tax="5.00"),
    26: vouchers(tax="5.00", tax_of_voucher="-1.00", total_tax="4.00"),
}
"""Of orders, which else have 90.00 merchandise, 7.20 tax and 5.00 shipping."""


# Ids are numbers: 999 was made before 1000.
REFUNDS = """
refund_id | order_id | amount  | # names
10        | 1        | 29.16   | a line
20        | 2        | 5.00    |
30        | 3        | 102.20  |
1000      | 4        | 30.00   |
999       | 4        | 70.00   |
1001      | 4        | 2.20    |
50        | 5        | 30.00   |
60        | 6        | 97.20   | both lines
61        | 6        | 5.00    |
70        | 7        | 33.60   | a line, shipping and a fee
80        | 8        | 8.30    | two lines that the order does not have
90        | 9        | 0.00    |
91        | 9        | 9.00    | a broken line
92        | 9        | x       |
100       | 10       | -4.00   |
101       | 10       | -4.00   | a line of nothing
102       | 10       | -4.00   | a line
103       | 10       | -4.00   | a line with the other sign
104       | 10       | -4.00   | shipping
105       | 10       | 3.00    |
110       | 11       | 0       | a line of nothing
111       | 11       | -0.00   | a line
130       | 13       | 72.00   | both lines and shipping
131       | 13       | 30.00   | a line
140       | 14       | 40.00   | both lines
141       | 14       | 5.00    |
150       | 15       | 26.6667 | both lines; two thirds of 40.00 are paid back, so of each line
160       | 16       | 100.00  |
161       | 16       | 1000.00 |
170       | 17       | 5.00    | shipping
171       | 17       | 98.20   |
180       | 18       | NULL    |
190       | 19       | 40.00   | a line
200       | 20       | 9       | broken shipping
210       | 21       | 10.00   | a line
211       | 21       | 92.20   | a line
220       | 22       | 93.20   | everything
230       | 23       | 1.00    | shipping and the fee
240       | 24       | 87.48   | both lines and the fee, with its tax
250       | 25       | 1.00    | a part of the knife, the voucher and shipping
251       | 25       | 45.00   |
260       | 26       | 1.00    | a part of the knife without its tax, and the voucher
261       | 26       | 60.00   |
404       | 404      | 12.34   |
"""
PARTS = """
refund_id | line     | total  | total_tax | quantity
10        | 11       | -27.00 | -2.16     | -1
60        | 11       | -54.00 | -4.32     | -1
60        | 12       | -36.00 | -2.88     | -1
70        | 11       | -27.00 | 0         | -1
70        | shipping | -5.00  | -0.50     |
70        | fee      | -1.00  | -0.10     |
80        | 77       | -3.00  | 0.00      | -1
80        | 78       | -4.00  | -0.30     | -1
80        | 12       | -1.00  | 0         | -1
91        | 11       | -5.00  | 0         | -1
91        | 12       | ?      | 0         | -1
101       | 11       | 0.00   | 0.00      | -1
102       | 11       | -5.00  | 0.00      | -1
103       | 11       | 5.00   | 0.00      | -1
104       | shipping | -5     | 0         |
110       | 11       | 0.00   | 0.00      | -1
111       | 11       | -5.00  | 0.00      | -1
130       | 11       | -54.00 | -4.32     | -1
130       | 12       | -40.00 | -2.88     | -1
130       | shipping | -5.00  | -1.80     |
131       | 11       | -36.00 | -4.00     | -1
140       | 11       | -50.00 | 0         | -1
140       | 12       | 10.00  | 0         | -1
150       | 12       | 10.00  | 0         | -1
150       | 11       | -50.00 | 0         | -1
170       | shipping | -5.00  | 0         |
190       | 11       | -27.00 | -2.16     | -2
200       | shipping | free   | 0         |
210       | 11       | -10.00 | 0         | -1
211       | 11       | -5.00  | 0         | -1
220       | 11       | -54.00 | -4.32     | -1
220       | 12       | -36.00 | -2.88     | -1
220       | shipping | -5.00  | 0         |
220       | fee      | 9.00   | 0         |
230       | shipping | -5.00  | 0         |
230       | fee      | 4.00   | 0         |
250       | 11       | -6.00  | 0         | -1
250       | 12       | 10.00  | 0         | -1
250       | shipping | -5.00  | 0         |
260       | 11       | -12.00 | 0         | -1
260       | 12       | 10.00  | 1.00      | -1
240       | 11       | -54.00 | -4.32     | -1
240       | 12       | -36.00 | -2.88     | -1
240       | fee      | 9.00   | 0.72      |
"""


def refunds():
    """The refunds with the lines, shipping and fees that they name."""
    found = {}
    for refund in records(dict, REFUNDS):
        order_id = int(refund["order_id"])
        made = page_refund(int(refund["refund_id"]), order_id, refund["amount"])
        found[refund["refund_id"]] = made
    found["20"]["reason"] = "sorry, ann@example.com"
    for part in cells(PARTS):
        refund = found[part["refund_id"]]
        amounts = {"total": part["total"], "total_tax": part["total_tax"]}
        if part["line"] in ("shipping", "fee"):
            refund.setdefault(f"{part['line']}_lines", []).append(amounts)
        else:
            line = refund_line(int(part["line"]), **amounts, quantity=part["quantity"])
            refund["line_items"].append(line)
    return list(found.values())


@pytest.fixture(scope="module")
def done(world):
    old = {"reason": "too small", "country_code": "CA", "category": "Old"}
    known = []
    for line_number in (11, 0):
        known.append(stored_refund("120", "12", line_number, is_sale=True, **old))
    return world.storefront(
        [page_order(order_id, **CHANGES.get(order_id, {})) for order_id in ORDERS],
        refunds=refunds(),
        later_refunds=[page_refund(50, 5, "20.00")],
        known_refunds=known,
    )


def test_merchandise_tax_and_shipping_of_each_refund(done):
    check(
        done.refunds,
        """
order_id | refund_id | line | merchandise | tax  | shipping | quantity
1        | 10        | 11   | 27          | 2.16 | 0        | 1
2        | 20        | 0    | 5           | 0    | 0        | 0
3        | 30        | 0    | 90          | 7.2  | 5        | 0
4        | 999       | 0    | 70          | 0    | 0        | 0
4        | 1000      | 0    | 20          | 7.2  | 2.8      | 0
4        | 1001      | 0    | 0           | 0    | 2.2      | 0
5        | 50        | 0    | 20          | 0    | 0        | 0
6        | 60        | 11   | 54          | 4.32 | 0        | 1
6        | 60        | 12   | 36          | 2.88 | 0        | 1
6        | 61        | 0    | 0           | 0    | 5        | 0
7        | 70        | 11   | 27          | 0    | 0        | 1
7        | 70        | 0    | 0           | 0.6  | 6        | 0
8        | 80        | 0    | 7           | 0.3  | 0        | 2
8        | 80        | 12   | 1           | 0    | 0        | 1
9        | 90        | 0    | 0           | 0    | 0        | 0
10       | 105       | 0    | 3           | 0    | 0        | 0
11       | 110       | 11   | 0           | 0    | 0        | 1
11       | 111       | 11   | 0           | 0    | 0        | 1
12       | 120       | 11   | 4.5         | 0.4  | 0.1      | 1
12       | 120       | 0    | 4.5         | 0.4  | 0.1      | 1
13       | 130       | 11   | 36          | 2.88 | 0        | 1
13       | 130       | 12   | 26.6667     | 1.92 | 0        | 1
13       | 130       | 0    | 0           | 1.2  | 3.3333   | 0
13       | 131       | 11   | 27          | 3    | 0        | 1
14       | 140       | 11   | 50          | 0    | 0        | 1
14       | 140       | 12   | -10         | 0    | 0        | 1
14       | 141       | 0    | 0           | 0    | 5        | 0
15       | 150       | 12   | -6.6667     | 0    | 0        | 1
15       | 150       | 11   | 33.3334     | 0    | 0        | 1
16       | 160       | 0    | 90          | 7.2  | 2.8      | 0
16       | 161       | 0    | 995.3       | 0    | 4.7      | 0
17       | 170       | 0    | 0           | 0    | 5        | 0
17       | 171       | 0    | 91          | 7.2  | 0        | 0
19       | 190       | 11   | 27          | 2.16 | 0        | 2
19       | 190       | 0    | 10.84       | 0    | 0        | 0
21       | 210       | 11   | 10          | 0    | 0        | 1
21       | 211       | 11   | 5           | 0    | 0        | 1
21       | 211       | 0    | 75          | 7.2  | 5        | 0
22       | 220       | 11   | 48.6        | 4.32 | 0        | 1
22       | 220       | 12   | 32.4        | 2.88 | 0        | 1
22       | 220       | 0    | 0           | 0    | 5        | 0
23       | 230       | 0    | 0           | 0    | 1        | 0
24       | 240       | 11   | 48.6        | 4.32 | 0        | 1
24       | 240       | 12   | 32.4        | 2.88 | 0        | 1
24       | 240       | 0    | 0           | -0.72 | 0       | 0
25       | 250       | 11   | 6           | 0    | 0        | 1
25       | 250       | 12   | -10         | 0    | 0        | 1
25       | 250       | 0    | 0           | 0    | 5        | 0
25       | 251       | 0    | 40          | 5    | 0        | 0
26       | 260       | 11   | 12          | 0    | 0        | 1
26       | 260       | 12   | -10         | -1   | 0        | 1
26       | 261       | 0    | 51          | 4    | 5        | 0
404      | 404       | 0    | 12.34       | 0    | 0        | 0
""",
    )


def test_a_refund_that_is_known_has_what_its_order_is_now(done):
    check(
        [row for row in done.refunds if row["refund_id"] in {"20", "120", "404"}],
        """
refund_id | line | category      | sku    | is_sale | country | currency | business   | order_business
20        | 0    | unallocated   | NULL   | True    | US      | USD      | 2026-11-19 | 2026-11-19
120       | 0    | unallocated   | NULL   | False   | US      | USD      | 2026-11-11 | 2026-11-19
120       | 11   | uncategorised | MUG-01 | False   | US      | USD      | 2026-11-11 | 2026-11-19
404       | 0    | unallocated   | NULL   | True    | NULL    | USD      | 2026-11-19 | NULL
""",
    )
    assert set(column_of(done.refunds, "read_at")) == {READ_AT}
    reasons = set(column_of(done.refunds, "reason"))
    assert reasons == {None, "sorry, <e-mail>", "too small"}


def test_a_broken_refund_is_rejected_whole(done):
    check(
        done.rejected_rows,
        """
order_id | reason         | detail
9        | invalid_number | merchandise_amount = ?
9        | invalid_number | unallocated_amount = x
10       | negative_price | unallocated_amount = -4.00
10       | negative_price | unallocated_amount = -4.00
10       | negative_price | merchandise_amount = -5.0000
10       | negative_price | unallocated_amount = -4.00
10       | negative_price | unallocated_amount = -4.00
18       | missing_value  | amount is empty
20       | invalid_number | shipping_amount = free
""",
    )
    # 26 orders with two lines each, 45 refunds that were read and one that is known
    assert done.counts == (124, 114, 9, 1)


def test_of_fields_of_another_shape(raw):
    """PHP writes a list as an object after a plugin removed an entry, and an empty object as a list."""
    part = refund_line(12, "-10.00", "0")
    part["meta_data"] = {"1": part["meta_data"][0]}
    without_line = refund_line(12, "-5.00", "0") | {"meta_data": False}
    refunds = [
        page_refund(900, amount="10.00", line_items=[part]),
        page_refund(901, amount="5.00", line_items=[without_line]),
    ]
    order = page_order(line_items=[page_line(12, cost_of_goods_sold=[])])
    done = raw.storefront([order], refunds=refunds)
    check(
        done.refunds,
        """
refund_id | line_number | merchandise
900       | 12          | 10
901       | 0           | 5
""",
    )
