"""Orders that partners deliver as CSV lines, again and again: one read with an order of each kind."""

from datetime import timedelta

import pytest

from tests.explained import findings, unexplained
from tests.rows import column_by, column_of
from tests.unit.sales.tables import check, records
from tests.unit.sales.transform.raw_folders import (
    READ_AT,
    csv_line,
)

MORNING = READ_AT - timedelta(hours=3)
NOON = READ_AT - timedelta(hours=1)
ANN = "ann@example.com"
HASH = "e-mail-f09dfe3c7fcfd2e075c15d3e2a108880"
"""A keyed hash of this address."""

# Yesterday's file, delivered at 08:00 UTC.
OLD = """
order_id | line_number | quantity | updated_at           | ordered_at
changed  | 1           |          | 2026-11-19T10:00:00Z |
changed  | 2           |          | 2026-11-19T10:00:00Z | 2026-11-19T09:00:00Z
again    |             | 1        |                      |
broken   |             |          | 2026-11-19T10:00:00Z |
halved   |             |          | 2026-11-19T10:00:00Z |
newest   |             | 1        | 2026-11-19T17:00:00Z |
"""
# Today's file, delivered at 10:00 UTC.
NEW = """
order_id | line_number | quantity | unit_price | updated_at
changed  |             | 5        |            |
again    |             | 3        |            |
broken   |             | 0        |            |
broken   | 2           |          | NaN        |
halved   |             | 0        |            |
halved   | 2           |          | 7          |
"""
HEADERS = """
order_id   | line_number | status     | currency | country_code | updated_at           | unit_price
header     | 10          | shipped    | usd      |              | 2026-11-19T18:00:00Z |
header     | 9           | Processing |          | de           |                      |
countries  |             |            | eur      | US           |                      | 4
countries  | 2           |            | EUR      | CA           |                      | 6
currencies |             |            | EUR      |              |                      | 4
currencies | 2           |            | CHF      |              |                      | 6
same       |             | Completed  |          | us           |                      |
same       | 2           |            | usd      |              |                      |
"""
# `odd` is rejected line by line but for the last.
BAD_HEADERS = """
order_id | line_number | ordered_at                      | updated_at            | currency | status
odd      | 1           | 2026-11-19T15:00:00             |                       |          |
odd      | 2           | NULL                            |                       |          |
odd      | 3           |                                 | 20111-11-19T15:00:00Z |          |
odd      | 4           |                                 |                       | US$      |
odd      | 5           |                                 |                       | NULL     |
NULL     | 6           |                                 |                       |          |
odd      | 7           | yesterday, says ann@example.com |                       |          |
odd      | 8           |                                 | NULL                  |          |
odd      | 9           |                                 |                       |          | NULL
"""
REPEATED = """
order_id | line_number | quantity | updated_at           | status    | # why
repeated | 1           |          |                      |           |
repeated | 01          | 2.0      | 2026-11-19T16:30:00Z | Delivered | the same, in a newer state
repeated | 2           | 4        |                      |           |
repeated | 2           | 6        |                      |           | says something else
repeated | 3           | 9        | 2026-11-19T17:00:00Z |           |
repeated | 3           | 8        |                      |           | an older state
repeated | 66          | 1        |                      |           | as 2 modulo 64
"""
LINES = """
order_id  | line_number | quantity      | unit_price      | discount_amount | tax_amount | product_name
fractions | 1           | 2.500         | 4               | 0.5             | NULL       |
fractions | 2           | 0.3333        | 0.01            | NULL            | 0.0001     |
fractions | 3           | 1.50000       | 1.23456         |                 |            |
fractions | 4           | 1             | Infinity        |                 |            |
fractions | 5           | 1             | 1_000           |                 |            |
fractions | 6           | 1             | 9999999999.9999 |                 |            |
fractions | 7           | 1             |                 |                 | free       |
fractions | 8           | 1             |                 | 1,5             |            |
numbers   | 1           | 4006381333931 | 99.50           |                 |            |
numbers   | 2           | 2             | 5.00            |                 |            |
lost      |             | many          |                 |                 |            |
P3        |             | 0             |                 |                 |            | Pot
newest    |             | 3             |                 |                 |            |
"""
THEIRS = """
order_id | quantity | updated_at
header   | 7        |
B2       | 1        |
earlier  | 1        |
"""
# Loaded before, although it was received later than the files of this read.
KNOWN = """
order_id | partner | file                | received_at
earlier  | acme    | acme_2026-11-17.csv | 2026-11-20 12:00Z
"""
REMOVED = """
order_id | file                | received_at
gone     | acme_2026-11-17.csv | 2026-11-20 07:00Z
gone     | acme_2026-11-18.csv | 2026-11-20 08:00Z
changed  | acme_2026-11-18.csv | 2026-11-20 08:00Z
"""
REJECTS = [
    {
        "row_number": 3,
        "reason": "malformed_line",
        "file": "cody_2026-11-19.csv",
        "raw": f"x,{ANN}",
    }
]
NOTE = '{"kind": "note", "text": "some columns of ann@example.com"}'
# CHF: one more than in the lines.
STATED = """
file                | currency | amount
acme_2026-11-18.csv | USD      | 100
acme_2026-11-19.csv | USD      | 10000001795.8551
acme_2026-11-19.csv | EUR      | 28
acme_2026-11-19.csv | CHF      | 13
acme_2026-11-19.csv | US$      | 60
bolt_2026-11-19.csv | USD      | 90
cody_2026-11-19.csv | USD      | 20
"""


def texts():
    """Lines with blanks, addresses and control characters."""
    return [
        csv_line(
            " texts ",
            " 1 ",
            sku=" MUG-01 ",
            category="",
            quantity=" 2.500 ",
            unit_price=" 4 ",
            product_name=f"Seed box\nfor {ANN}",
        ),
        csv_line(
            "texts", "2", sku=ANN, category=f"of {ANN}", customer_email="b@c.example"
        ),
        csv_line("texts", "3", sku="A\0B", product_name="Mug\0"),
        csv_line(ANN, sku="MUG@2"),
        csv_line("status", status=ANN, country_code=ANN),
        csv_line("currency", currency=ANN),
    ]


@pytest.fixture(scope="module")
def done(world):
    tables = (NEW, HEADERS, BAD_HEADERS, REPEATED, LINES)
    acme = records(csv_line, *tables) + texts()
    files = [
        {
            "name": "acme_2026-11-18.csv",
            "lines": records(csv_line, OLD),
            "received_at": MORNING,
        },
        {"name": "acme_2026-11-19.csv", "lines": acme, "received_at": NOON},
        {
            "name": "bolt_2026-11-19.csv",
            "lines": records(csv_line, THEIRS),
            "received_at": READ_AT,
            "warnings": [NOTE],
        },
        # Before acme's file with an order of this number.
        {"name": "cody_2026-11-19.csv", "lines": acme[-2:-1], "received_at": MORNING},
    ]
    return world.partner_files(
        *files,
        known_orders=records(dict, KNOWN),
        removed_orders=records(dict, REMOVED),
        rejects=REJECTS,
        totals={"source_amounts": records(dict, STATED)},
    )


def test_the_newest_usable_version_of_an_order_counts(done):
    """The header is that of its lowest line number, in the newest state."""
    check(
        done.orders,
        """
order_id    | channel | status     | is_sale | currency | country | updated_at       | read_at
changed     | acme    | completed  | True    | USD      | US      | 2026-11-19 16:00 | 2026-11-20 10:00
again       | acme    | completed  | True    | USD      | US      | 2026-11-19 16:00 | 2026-11-20 10:00
broken      | acme    | completed  | True    | USD      | US      | 2026-11-19 10:00 | 2026-11-20 08:00
halved      | acme    | completed  | True    | USD      | US      | 2026-11-19 16:00 | 2026-11-20 10:00
newest      | acme    | completed  | True    | USD      | US      | 2026-11-19 17:00 | 2026-11-20 08:00
header      | acme    | processing | True    | USD      | DE      | 2026-11-19 18:00 | 2026-11-20 10:00
countries   | acme    | completed  | True    | EUR      | US      | 2026-11-19 16:00 | 2026-11-20 10:00
currencies  | acme    | completed  | True    | EUR      | US      | 2026-11-19 16:00 | 2026-11-20 10:00
same        | acme    | completed  | True    | USD      | US      | 2026-11-19 16:00 | 2026-11-20 10:00
odd         | acme    | unknown    | False   | USD      | US      | 2026-11-19 16:00 | 2026-11-20 10:00
repeated    | acme    | delivered  | True    | USD      | US      | 2026-11-19 17:00 | 2026-11-20 10:00
fractions   | acme    | completed  | True    | USD      | US      | 2026-11-19 16:00 | 2026-11-20 10:00
numbers     | acme    | completed  | True    | USD      | US      | 2026-11-19 16:00 | 2026-11-20 10:00
texts       | acme    | completed  | True    | USD      | US      | 2026-11-19 16:00 | 2026-11-20 10:00
e-mail-f09d | acme    | completed  | True    | USD      | US      | 2026-11-19 16:00 | 2026-11-20 10:00
status      | cody    | <e-mail>   | False   | USD      | NULL    | 2026-11-19 16:00 | 2026-11-20 08:00
B2          | bolt    | completed  | True    | USD      | US      | 2026-11-19 16:00 | 2026-11-20 11:00
""",
    )


def test_an_order_has_the_sums_of_its_lines(done):
    check(
        done.orders,
        """
order_id    | item_count | gross            | discount | tax
changed     | 1          | 50               | 0        | 0
again       | 1          | 30               | 0        | 0
broken      | 1          | 20               | 0        | 0
halved      | 1          | 14               | 0        | 0
newest      | 1          | 10               | 0        | 0
header      | 2          | 40               | 0        | 0
countries   | 2          | 20               | 0        | 0
currencies  | 2          | 20               | 0        | 0
same        | 2          | 40               | 0        | 0
odd         | 1          | 20               | 0        | 0
repeated    | 4          | 180              | 0        | 0
fractions   | 3          | 10000000010.0032 | 0.5      | 0.0001
numbers     | 1          | 10               | 0        | 0
texts       | 3          | 50               | 0        | 0
e-mail-f09d | 1          | 20               | 0        | 0
status      | 1          | 20               | 0        | 0
B2          | 1          | 10               | 0        | 0
""",
    )


def test_lines(done):
    of_interest = {"header", "repeated", "fractions", "texts", HASH}
    check(
        [row for row in done.order_lines if row["order_id"] in of_interest],
        """
order_id    | line | sku         | status     | quantity | gross           | amount_after_discount
header      | 9    | MUG-01      | processing | 2        | 20              | 20
header      | 10   | MUG-01      | processing | 2        | 20              | 20
repeated    | 1    | MUG-01      | delivered  | 2        | 20              | 20
repeated    | 2    | MUG-01      | delivered  | 6        | 60              | 60
repeated    | 3    | MUG-01      | delivered  | 9        | 90              | 90
repeated    | 66   | MUG-01      | delivered  | 1        | 10              | 10
fractions   | 1    | MUG-01      | completed  | 2.5      | 10              | 9.5
fractions   | 2    | MUG-01      | completed  | 0.3333   | 0.0033          | 0.0033
fractions   | 6    | MUG-01      | completed  | 1        | 9999999999.9999 | 9999999999.9999
texts       | 1    | MUG-01      | completed  | 2.5      | 10              | 10
texts       | 2    | e-mail-f09d | completed  | 2        | 20              | 20
texts       | 3    | AB          | completed  | 2        | 20              | 20
e-mail-f09d | 1    | MUG@2       | completed  | 2        | 20              | 20
""",
    )
    categories = set(column_of(done.order_lines, "category"))
    assert categories == {"Tableware", "uncategorised", "of <e-mail>"}
    names = set(column_of(done.order_lines, "product_name"))
    assert names == {"Mug", "Seed box\nfor <e-mail>"}


def test_rejected_rows(done):
    check(
        done.rejected_rows,
        """
file                | row_number | reason                 | detail
acme_2026-11-19.csv | 4          | invalid_quantity       | quantity = 0
acme_2026-11-19.csv | 5          | invalid_number         | unit_price = NaN
acme_2026-11-19.csv | 6          | invalid_quantity       | quantity = 0
acme_2026-11-19.csv | 16         | invalid_timestamp      | ordered_at = 2026-11-19T15:00:00
acme_2026-11-19.csv | 17         | missing_value          | ordered_at is empty
acme_2026-11-19.csv | 18         | timestamp_out_of_range | updated_at = 20111-11-19T15:00:00Z
acme_2026-11-19.csv | 19         | invalid_currency       | currency = US$
acme_2026-11-19.csv | 20         | missing_value          | currency is empty
acme_2026-11-19.csv | 21         | missing_value          | order_id is empty
acme_2026-11-19.csv | 22         | invalid_timestamp      | ordered_at = yesterday, says <e-mail>
acme_2026-11-19.csv | 23         | missing_value          | updated_at is empty
acme_2026-11-19.csv | 27         | duplicate_line         | line_number = 2
acme_2026-11-19.csv | 34         | too_many_digits        | unit_price = 1.23456
acme_2026-11-19.csv | 35         | invalid_number         | unit_price = Infinity
acme_2026-11-19.csv | 36         | invalid_number         | unit_price = 1_000
acme_2026-11-19.csv | 38         | invalid_number         | tax_amount = free
acme_2026-11-19.csv | 39         | invalid_number         | discount_amount = 1,5
acme_2026-11-19.csv | 40         | too_many_digits        | quantity = 4006381333931
acme_2026-11-19.csv | 42         | invalid_number         | quantity = many
acme_2026-11-19.csv | 43         | invalid_quantity       | quantity = 0
acme_2026-11-19.csv | 49         | order_of_other_partner | order_id = status
acme_2026-11-19.csv | 50         | invalid_currency       | currency = <e-mail>
bolt_2026-11-19.csv | 2          | order_of_other_partner | order_id = header
bolt_2026-11-19.csv | 4          | order_of_other_partner | order_id = earlier
cody_2026-11-19.csv | 3          | malformed_line         | NULL
""",
    )
    # 6 lines of yesterday, 49 of acme, 3 of bolt, one of cody and the reject
    # 5 lines of old versions, 2 repeated
    assert done.counts == (60, 28, 25, 7)


def test_no_address_is_left(done):
    assert "example.com" not in repr(done.tables).lower()
    assert "customer_email" not in repr(done.rejected_rows)
    assert "\\x00" not in repr(done.tables)


def test_a_file_is_recorded_with_what_became_of_it(done):
    check(
        done.loaded_files,
        """
file                | rows_read | rows_accepted | rows_rejected | source_orders | orders_loaded
acme_2026-11-18.csv | 6         | 2             | 0             | 5             | 2
acme_2026-11-19.csv | 49        | 24            | 22            | 19            | 13
bolt_2026-11-19.csv | 3         | 1             | 2             | 3             | 1
cody_2026-11-19.csv | 1         | 1             | 1             | 1             | 1
""",
    )
    check(
        done.loaded_files,
        """
file                | source_amount    | amount_loaded    | received_at      | business
acme_2026-11-18.csv | 100              | 30               | 2026-11-20 08:00 | 2026-11-19
acme_2026-11-19.csv | 10000000894.0032 | 10000000504.0032 | 2026-11-20 10:00 | 2026-11-19
bolt_2026-11-19.csv | 90               | 10               | 2026-11-20 11:00 | 2026-11-19
cody_2026-11-19.csv | 20               | 20               | 2026-11-20 08:00 | 2026-11-19
""",
    )


def test_an_order_of_another_partner_is_in_no_file(done):
    """Otherwise the other partner's next file would remove it."""
    orders = column_by(done.loaded_files, "file", "order_ids")
    assert orders["bolt_2026-11-19.csv"] == ["B2"]
    assert orders["acme_2026-11-18.csv"] == [
        "again",
        "broken",
        "changed",
        "halved",
        "newest",
    ]
    assert {"lost", "P3", "header", HASH} < set(orders["acme_2026-11-19.csv"])


def test_amounts_by_file_and_currency_are_loaded_superseded_or_rejected(done):
    check(
        done.control_totals,
        """
file                | currency | source_amount    | loaded           | superseded | rejected
acme_2026-11-18.csv | USD      | 100              | 30               | 70         | 0
acme_2026-11-19.csv | USD      | 10000001795.8551 | 10000000464.0032 | 130        | 1201.8519
acme_2026-11-19.csv | EUR      | 28               | 28               | 0          | 0
acme_2026-11-19.csv | CHF      | 13               | 12               | 0          | 0
acme_2026-11-19.csv |          | 60               | 0                | 0          | 60
bolt_2026-11-19.csv | USD      | 90               | 10               | 0          | 80
cody_2026-11-19.csv | USD      | 20               | 20               | 0          | 0
""",
    )


def test_an_order_whose_lines_differ_is_a_warning_of_its_file(done):
    found = (
        "acme_2026-11-19.csv: 5 orders have lines that differ in status, currency, time, "
        "customer or country (for example order countries)"
    )
    *warnings, countries = done.totals["warnings"]
    assert countries["kind"] == "unknown_countries"
    other, _ = findings(warnings)
    assert other.startswith("acme_2026-11-18.csv: 1 order has lines that differ")
    assert findings(warnings) == [other, found]
    assert unexplained(warnings) == []
    stored = {row["file"]: findings(row["warnings"]) for row in done.loaded_files}
    assert stored == {
        "acme_2026-11-18.csv": [other],
        "acme_2026-11-19.csv": [found],
        "bolt_2026-11-19.csv": ["some columns of <e-mail>"],
        "cody_2026-11-19.csv": [],
    }


def test_a_removed_order_is_a_version_without_an_order(done):
    """One that moved to another file is not removed."""
    of_interest = {"gone", "changed", "broken"}
    check(
        [row for row in done.order_versions if row["order_id"] in of_interest],
        """
order_id | version_updated_at | read_at
gone     | NULL               | 2026-11-20 08:00
changed  | 2026-11-19 16:00   | 2026-11-20 10:00
broken   | 2026-11-19 10:00   | 2026-11-20 08:00
""",
    )
    replaced = set(column_of(done.order_versions, "order_id"))
    assert replaced == set(column_of(done.orders, "order_id")) | {"gone"}


DIFFERENT = """
order_id | sku    | product_name | category | quantity | unit_price | discount_amount | tax_amount
sku      | POT-01 |              |          |          |            |                 |
name     |        | Pot          |          |          |            |                 |
category |        |              | Garden   |          |            |                 |
quantity |        |              |          | 3        |            |                 |
price    |        |              |          |          | 11         |                 |
discount |        |              |          |          |            | 1               |
tax      |        |              |          |          |            |                 | 1
"""


def test_the_later_file_counts_and_a_line_that_is_repeated_otherwise_is_rejected(raw):
    """Whatever the names of the files. Each order is named for the column in which its two lines differ."""
    others = records(csv_line, DIFFERENT)
    orders = column_of(others, "order_id")
    lines = [csv_line(order_id) for order_id in orders] + others
    newer = {
        "name": "acme_2026-11-18.csv",
        "lines": [csv_line("redelivered", quantity="3")],
        "received_at": NOON,
    }
    older = {
        "name": "acme_2026-11-19.csv",
        "lines": [csv_line("redelivered", quantity="1"), *lines],
        "received_at": MORNING,
    }
    done = raw.partner_files(newer, older)
    assert done["redelivered"]["gross_amount"] == 30
    assert sorted(column_of(done.rejected_rows, "order_id")) == sorted(orders)
