"""Refunds and amounts of orders in partners' files that have a layout of their own."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from tests.rows import column_by, column_of
from tests.unit.sales.tables import check, records
from tests.unit.sales.transform.raw_folders import READ_AT, csv_line, stored_refund

RECEIVED = READ_AT - timedelta(hours=1)
SOLD_AT = datetime(2026, 11, 16, 15, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

AMOUNTS = """
order_id | line_number | quantity | gross_amount | tax_amount | shipping_amount | shipping_tax_amount
stated   | 1           | 3        | 9.99         | 1          | 5               | 0.95
stated   | 2           |          |              | 2          | 2               |
stated   | 2           |          |              | 2          | 2               |
stated   | 3           | 0        |              |            | 0.5             |
untaxed  | 1           |          | 30           | 3          | 4               |
invalid  | 1           |          |              |            |                 | 1
invalid  | 2           |          |              |            | free            |
invalid2 | 1           |          |              |            | 1_0             |
invalid3 | 1           |          |              |            |                 | x
wrong    | 1           |          | -5           |            |                 |
wrong    | 2           | -1       | 5            |            |                 |
wrong    | 3           |          | 100000000000 |            |                 |
wrong    | 4           |          | many         |            |                 |
"""
# Of a line that is there again, the newer amount counts.
REPEATED = """
order_id | updated_at           | shipping_amount
again    |                      | 2
again    | 2026-11-19T15:59:00Z | 9
latest   | 2026-11-19T15:59:00Z | 9
latest   |                      | 2
latest   |                      | 3
"""
# Each of the lines has half of it, and together they are beyond the limit.
BEYOND = """
order_id | line_number | shipping_tax_amount
beyond   | 1           | 60000000000
beyond   | 2           | 60000000000
"""
PRICES = """
order_id | line_number | unit_price | gross_amount | fee_amount
wrong    | 5           | -3         | 4            |
fees     | 1           | NULL       | 6            | 1.5
fees     | 2           |            |              | 2
invalid4 | 1           |            |              | x
"""
DISCOUNTS = """
order_id | line_number | quantity | gross_amount | discount_amount
wrong    | 6           | 0        | 0            | 3
free     | 1           |          | 0            |
"""
# Of a refund, the extract has turned the signs. The last column has how its line is found.
SOLD = """
order_id | line_number | sku
A1       | 1           |
B        | 1           |
B        | 2           | CUP-01
B        | 3           | CUP-01
"""
REFUNDED = """
order_id | line_number | sku    | unit_price | gross_amount | currency | refunded_at          | #
A1       | 2           |        |            |              |          |                      | its SKU
A2       | 1           |        |            |              | chf      |                      | unknown order
B        | 3           | CUP-01 |            |              |          | 2026-11-18T09:00:00Z | its number
B        | 1           | CUP-01 |            |              |          | 2026-11-18T10:00:00Z | its SKU, first
B        | 2           | POT-01 | 4          |              |          | 2026-11-18T11:00:00Z | its number
B        | 9           | POT-01 | 4          |              |          | 2026-11-18T12:00:00Z | the order
B        | NULL        | NULL   | NULL       | 3            |          | 2026-11-18T13:00:00Z | the order
B        | NULL        | CUP-01 | 5          |              |          | 2026-11-18T14:00:00Z | one
B        | NULL        | CUP-01 | 6          |              |          | 2026-11-18T14:00:00Z | another
"""
# The other columns of such a row say nothing.
PARTS = """
order_id | quantity | unit_price | gross_amount | discount_amount | tax_amount | shipping_amount | fee_amount
B        | 1        | NULL       | 12           | 2               | 1.5        | 3               | 1
"""
NO_MERCHANDISE = """
order_id | quantity | unit_price | tax_amount | shipping_amount | shipping_tax_amount | fee_amount
B        | NULL     | NULL       | NULL       | 5               | 0.5                 |
B        | NULL     | NULL       | NULL       |                 |                     | 2
"""
BAD = """
order_id | quantity | unit_price | gross_amount | discount_amount | tax_amount | refunded_at
B        | 0        |            |              |                 |            |
B        | -1       |            |              |                 |            |
B        | x        |            |              |                 |            |
B        | NULL     |            |              |                 |            |
B        |          | NULL       |              |                 |            |
B        |          | -10        |              |                 |            |
B        |          | y          |              |                 |            |
B        | 9999999  | 9999999    |              |                 |            |
B        |          |            | z            |                 |            |
B        |          |            |              | a               |            |
B        |          |            |              | 40              |            |
B        |          |            |              |                 | b          |
B        |          |            |              |                 |            | 2026-11-19 09:00:00
NULL     |          |            |              |                 |            |
"""

BAD_SHIPPING = """
order_id | currency | shipping_amount | ordered_at
B        | US$      |                 |
B        |          | free            |
B        |          |                 | yesterday
"""


def refund_row(**changes):
    """A row of a file that is a refund; the instants of its order are missing."""
    line = csv_line(
        ordered_at="2026-11-19T08:00:00Z",
        updated_at=None,
        quantity="1",
        status=None,
        is_refund="true",
    )
    return line | changes


def a_file(lines, day=19, received_at=RECEIVED):
    return {
        "name": f"acme_2026-11-{day}.csv",
        "lines": lines,
        "received_at": received_at,
    }


def read_file(world, lines, **tables):
    """What becomes of a file of the 19th."""
    return world.partner_files(a_file(lines), has_layout=True, **tables)


def stored_order(order_id):
    """A row of the warehouse's orders: a mug, sold by acme on the 16th."""
    return {
        "source": "partner_files",
        "order_id": order_id,
        "business_date": date(2026, 11, 16),
        "channel": "acme",
        "status": "shipped",
        "is_sale": True,
        "is_test": False,
        "currency": "EUR",
        "country_code": "DE",
        "customer_hash": "a hash",
        "item_count": 1,
        "gross_amount": Decimal(20),
        "discount_amount": Decimal(0),
        "tax_amount": Decimal(3),
        "shipping_amount": Decimal(4),
        "fee_amount": Decimal(0),
        "ordered_at": SOLD_AT,
        "updated_at": SOLD_AT,
        "read_at": SOLD_AT + timedelta(hours=12),
        "run_id": "an earlier run",
    }


OF_ORDERS = {"item_count", "shipping_amount", "fee_amount"}


def stored_line(order_id):
    """The only line of a stored order."""
    order = stored_order(order_id)
    shared = {name: order[name] for name in order.keys() - OF_ORDERS}
    return shared | {
        "line_number": 7,
        "sku": "MUG-01",
        "product_name": "Mug",
        "category": "Old mugs",
        "quantity": Decimal(2),
        "unit_price": Decimal(10),
        "amount_after_discount": Decimal(20),
        "cost_amount": Decimal(8),
    }


@pytest.fixture(scope="module")
def amounts(world):
    lines = records(csv_line, AMOUNTS, PRICES, DISCOUNTS, REPEATED, BEYOND)
    stated = [{"file": "acme_2026-11-19.csv", "currency": "USD", "amount": "354.99"}]
    return read_file(world, lines, totals={"source_amounts": stated})


def test_an_order_has_the_amounts_of_its_lines(amounts):
    """Of a line that is there twice, once."""
    check(
        amounts.orders,
        """
order_id | gross | tax  | shipping | fee
stated   | 29.99 | 3.95 | 7.5      | 0
untaxed  | 30    | 3    | 4        | 0
fees     | 26    | 0    | 0        | 3.5
free     | 0     | 0    | 0        | 0
wrong    | 4     | 0    | 0        | 0
again    | 20    | 0    | 2        | 0
latest   | 20    | 0    | 3        | 0
""",
    )


def test_an_invalid_amount_of_an_order_rejects_all_of_it(amounts):
    rejected = [row for row in amounts.rejected_rows if row["order_id"] != "wrong"]
    check(
        rejected,
        """
order_id | row_number | reason           | detail
stated   | 5          | invalid_quantity | quantity = 0
invalid  | 7          | order_rejected   | order_id = invalid
invalid  | 8          | invalid_number   | shipping_amount = free
invalid2 | 9          | invalid_number   | shipping_amount = 1_0
invalid3 | 10         | invalid_number   | shipping_tax_amount = x
invalid4 | 18         | invalid_number   | fee_amount = x
beyond   | 26         | order_rejected   | order_id = beyond
beyond   | 27         | order_rejected   | order_id = beyond
""",
    )


def test_a_negative_amount_is_a_discount_and_negative_pieces_are_no_line(amounts):
    lines = [line for line in amounts.order_lines if line["order_id"] == "wrong"]
    check(
        lines,
        """
line_number | quantity | gross | discount
1           | 0        | 0     | 5
5           | 2        | 4     | 0
""",
    )
    wrong = [row for row in amounts.rejected_rows if row["order_id"] == "wrong"]
    check(
        wrong,
        """
row_number | reason           | detail
12         | invalid_quantity | quantity = -1
13         | too_many_digits  | gross_amount = 100000000000
14         | invalid_number   | gross_amount = many
19         | invalid_quantity | quantity = 0
""",
    )


def test_stated_amounts_are_in_the_totals(amounts):
    check(
        amounts.loaded_files,
        """
rows_read | rows_accepted | rows_rejected | source_orders | orders_loaded | source_amount | amount_loaded
26        | 10            | 12            | 12            | 7             | 354.99        | 129.99
""",
    )
    check(
        amounts.control_totals,
        """
currency | loaded | superseded | rejected
USD      | 129.99 | 80         | 145
""",
    )


@pytest.fixture(scope="module")
def refunds(world):
    lines = records(csv_line, SOLD) + records(
        refund_row, REFUNDED, PARTS, NO_MERCHANDISE, BAD, BAD_SHIPPING
    )
    stated = [{"file": "acme_2026-11-19.csv", "currency": "USD", "amount": "80"}]
    return read_file(world, lines, totals={"source_amounts": stated})


def test_a_refund_is_no_line_of_its_order(refunds):
    """Its date is its own, else that of its row."""
    check(
        refunds.orders,
        """
order_id | item_count | gross | shipping | fee
A1       | 1          | 20    | 0        | 0
B        | 3          | 60    | 0        | 0
""",
    )
    assert refunds.totals["warnings"] == [], "its status is not that of the order"
    check(
        refunds.refunds,
        """
order_id | line | sku    | category    | quantity | merchandise | tax | shipping | refunded_at
A1       | 1    | MUG-01 | Tableware   | 1        | 10          | 0   | 0        | 2026-11-19 08:00
A2       | 0    | MUG-01 | unallocated | 1        | 10          | 0   | 0        | 2026-11-19 08:00
B        | 3    | CUP-01 | Tableware   | 1        | 10          | 0   | 0        | 2026-11-18 09:00
B        | 2    | CUP-01 | Tableware   | 1        | 10          | 0   | 0        | 2026-11-18 10:00
B        | 2    | CUP-01 | Tableware   | 1        | 4           | 0   | 0        | 2026-11-18 11:00
B        | 0    | POT-01 | unallocated | 1        | 4           | 0   | 0        | 2026-11-18 12:00
B        | 0    | NULL   | unallocated | 1        | 3           | 0   | 0        | 2026-11-18 13:00
B        | 2    | CUP-01 | Tableware   | 1        | 5           | 0   | 0        | 2026-11-18 14:00
B        | 2    | CUP-01 | Tableware   | 1        | 6           | 0   | 0        | 2026-11-18 14:00
B        | 1    | MUG-01 | Tableware   | 1        | 10          | 1.5 | 4        | 2026-11-19 08:00
B        | 1    | MUG-01 | Tableware   | 0        | 0           | 0.5 | 5        | 2026-11-19 08:00
B        | 1    | MUG-01 | Tableware   | 0        | 0           | 0   | 2        | 2026-11-19 08:00
""",
    )


def test_the_id_of_a_refund_ends_with_the_day_of_its_file(refunds):
    of_fourteen = []
    for row in refunds.refunds:
        if row["refunded_at"].hour == 14:
            of_fourteen.append(row["refund_id"])
    assert sorted(of_fourteen) == [
        "B-20261118140000-CUP-01-1-20261119",
        "B-20261118140000-CUP-01-2-20261119",
    ]


def test_a_bad_value_rejects_one_refund(refunds):
    check(
        refunds.rejected_rows,
        """
row_number | order_id | reason            | detail
18         | B        | invalid_quantity  | quantity = 0
19         | B        | invalid_quantity  | quantity = -1
20         | B        | invalid_number    | quantity = x
21         | B        | missing_value     | quantity is empty
22         | B        | missing_value     | unit_price is empty
23         | B        | negative_price    | unit_price = -10
24         | B        | invalid_number    | unit_price = y
25         | B        | too_many_digits   | gross_amount is empty
26         | B        | invalid_number    | gross_amount = z
27         | B        | invalid_number    | discount_amount = a
28         | B        | negative_price    | merchandise_amount = -30.0
29         | B        | invalid_number    | tax_amount = b
30         | B        | invalid_timestamp | refunded_at = 2026-11-19 09:00:00
31         | NULL     | missing_value     | order_id is empty
32         | B        | invalid_currency  | currency = US$
33         | B        | invalid_number    | shipping_amount = free
34         | B        | invalid_timestamp | ordered_at = yesterday
""",
    )
    assert refunds.counts == (33, 16, 17, 0)


def test_refunds_are_rows_of_their_file_but_in_no_amount(refunds):
    check(
        refunds.loaded_files,
        """
rows_read | rows_accepted | rows_rejected | source_orders | orders_loaded | source_amount | amount_loaded
33        | 16            | 17            | 2             | 2             | 80            | 80
""",
    )
    check(
        refunds.control_totals,
        """
currency | loaded | superseded | rejected
USD      | 80     | 0          | 0
""",
    )


def test_a_refund_of_an_unknown_order_has_its_own_currency_and_channel(refunds):
    """It is older than any version of the order, which another run may load."""
    [refund] = [row for row in refunds.refunds if row["order_id"] == "A2"]
    names = ("channel", "currency", "order_business_date")
    assert [refund[name] for name in names] == ["acme", "CHF", None]
    versions = column_by(refunds.order_versions, "order_id", "version_updated_at")
    assert versions["A2"] == EPOCH


def test_of_a_refund_in_several_files_the_newest_counts(world):
    again = {"order_id": "A1", "unit_price": "8"}
    files = [
        a_file([csv_line("A1"), refund_row(order_id="A1")], day=17),
        # The newest file is not the last to arrive.
        a_file([refund_row(**again), refund_row(**again)], day=18, received_at=SOLD_AT),
    ]
    known = [
        # A newer file than those read; its refunds are also in the second.
        stored_refund(
            "A1-20261119080000-MUG-01-2-20261119", "A1", merchandise_amount=Decimal(7)
        ),
        stored_refund(
            "A1-20261119080000-MUG-01-3-20261110", "A1", merchandise_amount=Decimal(6)
        ),
    ]
    done = world.partner_files(*files, has_layout=True, known_refunds=known)
    check(
        done.refunds,
        """
refund_id                           | merchandise
A1-20261119080000-MUG-01-1-20261118 | 8
A1-20261119080000-MUG-01-2-20261119 | 7
A1-20261119080000-MUG-01-3-20261110 | 6
""",
    )
    assert done.counts == (6, 4, 0, 2)
    check(
        done.loaded_files,
        """
file                | rows_read | rows_accepted
acme_2026-11-17.csv | 2         | 1
acme_2026-11-18.csv | 2         | 1
""",
    )


def test_ids_of_any_length_end_with_a_day(world):
    lines = []
    for order_id, sku in (
        ("x" * 150, "y" * 150),
        ("x" * 104, "y" * 73),
        ("a@b", "c.example"),
    ):
        lines.append(refund_row(order_id=order_id, sku=sku))
    done = read_file(world, lines)
    ids = column_of(done.refunds, "refund_id")
    assert len(set(ids)) == 3
    for refund_id in ids:
        assert refund_id.endswith("-20261119")
        assert refund_id.startswith("long-")


# Versions of stored orders, each of 50.00, by the file that has them. The stored ones are of 15:00.
NEWER = """
order_id | updated_at           | quantity | shipping_amount
newer    | 2026-11-16T15:00:01Z | 5        |
"""
RECEIVED_BEFORE = """
order_id | updated_at           | quantity | shipping_amount
before   | 2026-11-16T15:00:00Z | 5        |
"""
OF_ITS_FILE = """
order_id | updated_at           | quantity | shipping_amount
its file | 2026-11-16T15:00:00Z | 5        |
"""
RECEIVED_LATER = """
order_id | updated_at           | quantity | shipping_amount
later    | 2026-11-16T15:00:00Z | 5        |
older    | 2026-11-16T14:59:59Z | 5        |
invalid  |                      | 0        |
invalid2 |                      | 5        | x
"""
STATED = """
file                | currency | amount
acme_2026-11-16.csv | USD      | 50
acme_2026-11-17.csv | USD      | 50
acme_2026-11-18.csv | USD      | 50
acme_2026-11-19.csv | USD      | 150
"""
VERSIONS = (
    (NEWER, SOLD_AT),
    (RECEIVED_BEFORE, SOLD_AT + timedelta(hours=11)),
    (OF_ITS_FILE, SOLD_AT + timedelta(hours=12)),
    (RECEIVED_LATER, RECEIVED),
)


@pytest.fixture(scope="module")
def stored(world):
    """Stored orders with a refund in the warehouse, one in a file, and perhaps a version there."""
    files = []
    for day, (table, received_at) in enumerate(VERSIONS, 16):
        lines = records(csv_line, table)
        lines += [refund_row(order_id=line["order_id"]) for line in lines]
        files.append(a_file(lines, day, received_at))
    files[-1]["lines"].append(refund_row(order_id="alone"))
    orders = {line["order_id"] for file in files for line in file["lines"]}
    known = []
    for order_id in orders:
        refund_id = f"{order_id}-20261117080000-0-1-20261115"
        known.append(stored_refund(refund_id, order_id))
    return world.partner_files(
        *files,
        has_layout=True,
        kept_orders=[stored_order(order_id) for order_id in orders],
        kept_order_lines=[stored_line(order_id) for order_id in orders],
        known_refunds=known,
        totals={"source_amounts": records(dict, STATED)},
    )


def test_a_stored_order_stays_as_it_is_with_its_refunds(stored):
    order = stored["alone"]
    assert order == dict.fromkeys(order) | stored_order("alone")
    [line] = [row for row in stored.order_lines if row["order_id"] == "alone"]
    assert line == dict.fromkeys(line) | stored_line("alone")
    check(
        [row for row in stored.refunds if row["order_id"] == "alone"],
        """
line | category    | merchandise | currency | country | order_business_date | cost
0    | unallocated | 4.5         | EUR      | DE      | 2026-11-16          | 0
7    | Old mugs    | 10          | EUR      | DE      | 2026-11-16          | 4
""",
    )


def test_a_stored_order_competes_with_the_versions_in_files(stored):
    """Of one date, the version that was received later counts; of one file, the one just read."""
    check(
        stored.orders,
        """
order_id | gross | run_id
newer    | 50    | scheduled__2026-11-20
before   | 20    | an earlier run
its file | 50    | scheduled__2026-11-20
later    | 50    | scheduled__2026-11-20
older    | 20    | an earlier run
invalid  | 20    | an earlier run
invalid2 | 20    | an earlier run
alone    | 20    | an earlier run
""",
    )
    orders = column_by(stored.orders, "order_id", "gross_amount")
    assert column_by(stored.order_lines, "order_id", "gross_amount") == orders
    for version in stored.order_versions:
        order = stored[version["order_id"]]
        assert version["version_updated_at"] == order["updated_at"]
        assert version["read_at"] == order["read_at"]
    check(
        [row for row in stored.refunds if row["line_number"]],
        """
order_id | line
newer    | 1
before   | 7
its file | 1
later    | 1
older    | 7
invalid  | 7
invalid2 | 7
alone    | 7
""",
    )


def test_a_stored_order_is_in_the_accounts(stored):
    # Of each, its order and two refunds; 7 versions, of which 2 are invalid.
    assert stored.counts == (31, 24, 2, 5)
    check(
        stored.control_totals,
        """
file                | currency | source_amount | loaded | superseded | rejected
NULL                | EUR      | 100           | 100    | 0          | 0
acme_2026-11-16.csv | USD      | 50            | 50     | 0          | 0
acme_2026-11-17.csv | USD      | 50            | 0      | 50         | 0
acme_2026-11-18.csv | USD      | 50            | 50     | 0          | 0
acme_2026-11-19.csv | USD      | 150           | 50     | 50         | 50
""",
    )
    check(
        stored.loaded_files,
        """
file                | orders_loaded
acme_2026-11-16.csv | 1
acme_2026-11-17.csv | 0
acme_2026-11-18.csv | 1
acme_2026-11-19.csv | 1
""",
    )


def test_a_refund_finds_its_line_when_its_order_arrives(world):
    known = [
        stored_refund("N-20261117080000-CUP-01-1-20261117", "N", sku="CUP-01"),
        stored_refund("N-20261117080000-3-1-20261117", "N"),
        stored_refund("N-20261117080000-0-1-20261117", "N"),
        # A SKU that looks like the number of a line.
        stored_refund("N-20261117080000-2-1-20261117", "N", sku="2"),
    ]
    lines = [
        csv_line("N", "1"),
        csv_line("N", "2", sku="CUP-01"),
        csv_line("N", "3"),
    ]
    done = read_file(world, lines, known_refunds=known)
    check(
        done.refunds,
        """
refund_id                          | line | sku    | currency
N-20261117080000-CUP-01-1-20261117 | 2    | CUP-01 | USD
N-20261117080000-3-1-20261117      | 3    | MUG-01 | USD
N-20261117080000-0-1-20261117      | 0    | NULL   | USD
N-20261117080000-2-1-20261117      | 0    | 2      | USD
""",
    )
