"""Orders, lines, refunds and customers of the sales database."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.rows import column_of
from tests.unit.sales.tables import check, records
from tests.unit.sales.transform import sales_db_records as given
from tests.unit.sales.transform.raw_folders import (
    KEY,
    READ_AT,
    RUN_ID,
    item,
    order,
    refund,
)

AT_15 = datetime(2026, 11, 19, 15, tzinfo=UTC)

# What the source says of its lines by currency. JPY: one order more than it hands out.
STATED = {"USD": "240.0172", "JPY": "1600", "EUR": "35", "CAD": "60", "US$": "20"}
UNREAD = {"USD": "20"}
PERSONAL = (
    "address address_1 address_2 billing city customer customer_email customer_id "
    "customer_ip_address customer_name customer_note email first_name last_name name "
    "phone postcode shipping"
)


def hash_of(identity):
    return hmac.new(KEY.encode(), identity.encode(), hashlib.sha256).hexdigest()


def by_currency(amounts):
    return [{"currency": name, "amount": amount} for name, amount in amounts.items()]


def header(order_id, **changes):
    changes.setdefault("status", "draft" if order_id == "draft" else "shipped")
    return order(order_id, **changes)


def in_status(order_id, **changes):
    return order(order_id, **{"status": order_id} | changes)


@pytest.fixture(scope="module")
def done(world):
    orders = [
        *records(order, given.OTHERS, given.CUSTOMERS_OF_ORDERS),
        *records(header, given.HEADERS),
        *records(in_status, given.STATUSES),
    ]
    orders[0]["coupon_code"] = " SAVE10 "
    orders[0]["customer_id"] = ""
    rejects = records(dict, given.REJECTS)
    personal = dict.fromkeys(PERSONAL.split(), "Ann")
    unread = {"order_id": "O5"} | personal | {"note": "to a@b.example"}
    rejects[1]["raw"] = f"{1_990 * 'x'} ann@example.com"
    rejects[-1]["raw"] = json.dumps(unread)
    return world.sales_db(
        orders=orders,
        order_items=records(item, given.ITEMS),
        refunds=records(refund, given.REFUNDS),
        products=records(dict, given.PRODUCTS),
        customers=records(dict, given.CUSTOMERS),
        removed_orders=[{"order_id": "removed"}, {"order_id": "sum"}],
        unread_orders=[{"order_id": "unread"}],
        rejects=rejects,
        totals={
            "source_amounts": by_currency(STATED),
            "rejected_amounts": by_currency(UNREAD),
        },
    )


def test_an_order_of_the_database(done):
    check(
        [done["sum"]],
        """
source   | channel  | attributes | coupon | customer_hash | fee | ordered_at       | updated_at       | run_id
sales_db | sales_db | NULL       | SAVE10 | NULL          | 0   | 2026-11-19 15:00 | 2026-11-19 16:00 | RUN
""".replace("RUN", RUN_ID),
    )
    assert done["sum"]["read_at"] == READ_AT


def test_orders(done):
    assert done["never changed"]["updated_at"] == AT_15
    [warning] = done.totals["warnings"]
    assert (warning["kind"], warning["place"]) == ("unknown_countries", "sales_db")
    check(
        done.orders,
        """
order_id           | business_date | status             | is_sale | is_test | currency | country
sum                | 2026-11-19    | completed          | True    | False   | USD      | US
lines              | 2026-11-19    | completed          | True    | False   | USD      | US
goods              | 2026-11-19    | completed          | True    | False   | CAD      | US
cancelled EUR      | 2026-11-19    | cancelled          | False   | False   | EUR      | US
JPY                | 2026-11-19    | completed          | True    | False   | JPY      | US
limits             | 2026-11-19    | completed          | True    | False   | CHF      | US
of C1              | 2026-11-19    | completed          | True    | False   | USD      | US
of C2              | 2026-11-19    | completed          | True    | False   | USD      | NULL
of C3              | 2026-11-19    | completed          | True    | False   | USD      | DE
of C4              | 2026-11-19    | completed          | True    | False   | USD      | FR
2000               | 1999-12-31    | shipped            | True    | False   | USD      | US
in a day           | 2026-11-21    | shipped            | True    | False   | USD      | US
never changed      | 2026-11-19    | shipped            | True    | False   | USD      | US
first 01:30        | 2026-11-01    | shipped            | True    | False   | USD      | US
second 01:30       | 2026-11-01    | shipped            | True    | False   | USD      | US
last second        | 2026-11-01    | shipped            | True    | False   | USD      | US
midnight           | 2026-11-02    | shipped            | True    | False   | EUR      | US
processing         | 2026-11-19    | processing         | True    | False   | USD      | US
completed          | 2026-11-19    | completed          | True    | False   | USD      | US
shipped            | 2026-11-19    | shipped            | True    | False   | USD      | US
delivered          | 2026-11-19    | delivered          | True    | False   | USD      | US
refunded           | 2026-11-19    | refunded           | True    | False   | USD      | US
partially_refunded | 2026-11-19    | partially_refunded | True    | False   | USD      | US
pending            | 2026-11-19    | pending            | False   | False   | USD      | US
on-hold            | 2026-11-19    | on-hold            | False   | False   | USD      | US
failed             | 2026-11-19    | failed             | False   | False   | USD      | US
cancelled          | 2026-11-19    | cancelled          | False   | False   | USD      | US
dated draft        | 2026-11-19    | draft              | False   | False   | USD      | US
checkout-draft     | 2026-11-19    | checkout-draft     | False   | False   | USD      | US
trash              | 2026-11-19    | trash              | False   | False   | USD      | US
odd                | 2026-11-19    | awaiting_customs   | False   | False   | USD      | US
none               | 2026-11-19    | unknown            | False   | False   | USD      | US
test               | 2026-11-19    | completed          | True    | True    | USD      | US
e-mail-f09d        | 2026-11-19    | completed          | True    | False   | USD      | US
""",
    )
    check(
        [row for row in done.orders if row["item_count"]],
        """
order_id      | item_count | gross            | discount | tax  | shipping
sum           | 2          | 30.0372          | 1.5      | 2.28 | 5
lines         | 4          | 50               | 99       | 0    | -2.5
goods         | 3          | 60               | 0        | 0    | 0
cancelled EUR | 1          | 35               | 0        | 0    | 5
JPY           | 1          | 1500             | 0        | 0    | 5
limits        | 1          | 99999989000.0001 | 0        | 0    | 5
last second   | 1          | 10               | 0        | 0    | 5
e-mail-f09d   | 1          | 20               | 0        | 0    | 5
test          | 1          | 20               | 0        | 0    | 5
of C1         | 1          | 20               | 0        | 0    | 5
""",
    )


def test_lines(done):
    check(
        done.order_lines,
        """
order_id      | line_number | business_date | sku         | product_name | category      | currency | is_sale
sum           | 1           | 2026-11-19    | MUG-01      | Mug, blue    | Tableware     | USD      | True
sum           | 2           | 2026-11-19    | MUG-01      | Mug, blue    | Tableware     | USD      | True
lines         | 1           | 2026-11-19    | MUG-01      | Mug, blue    | Tableware     | USD      | True
lines         | 7           | 2026-11-19    | gift        | NULL         | uncategorised | USD      | True
lines         | 8           | 2026-11-19    | rebate      | NULL         | uncategorised | USD      | True
lines         | 9           | 2026-11-19    | dearer      | NULL         | uncategorised | USD      | True
goods         | 1           | 2026-11-19    | MUG-01      | Mug, blue    | Tableware     | CAD      | True
goods         | 2           | 2026-11-19    | mug-01      | Mug, sand    | uncategorised | CAD      | True
goods         | 3           | 2026-11-19    | gone        | NULL         | uncategorised | CAD      | True
JPY           | 1           | 2026-11-19    | MUG-01      | Mug, blue    | Tableware     | JPY      | True
limits        | 1           | 2026-11-19    | largest     | NULL         | uncategorised | CHF      | True
cancelled EUR | 1           | 2026-11-19    | MUG-01      | Mug, blue    | Tableware     | EUR      | False
last second   | 1           | 2026-11-01    | MUG-01      | Mug, blue    | Tableware     | USD      | True
e-mail-f09d   | 1           | 2026-11-19    | e-mail-9ee2 | Card         | Cards         | USD      | True
test          | 1           | 2026-11-19    | MUG-01      | Mug, blue    | Tableware     | USD      | True
of C1         | 1           | 2026-11-19    | MUG-01      | Mug, blue    | Tableware     | USD      | True
""",
    )
    check(
        done.order_lines,
        """
order_id      | line | quantity | unit_price | gross            | discount | amount_after_discount | tax
sum           | 1    | 3        | 9.9999     | 29.9997          | 1.5      | 28.4997               | 0
sum           | 2    | 1        | 0.0375     | 0.0375           | 0        | 0.0375                | 2.28
lines         | 1    | 2        | 10         | 20               | 0        | 20                    | 0
lines         | 7    | 2        | 0          | 0                | 0        | 0                     | 0
lines         | 8    | 2        | 10         | 20               | 99.5     | -79.5                 | 0
lines         | 9    | 1        | 10         | 10               | -0.5     | 10.5                  | 0
goods         | 1    | 2        | 10         | 20               | 0        | 20                    | 0
goods         | 2    | 2        | 10         | 20               | 0        | 20                    | 0
goods         | 3    | 2        | 10         | 20               | 0        | 20                    | 0
JPY           | 1    | 1        | 1500       | 1500             | 0        | 1500                  | 0
limits        | 1    | 9999999  | 9999.9999  | 99999989000.0001 | 0        | 99999989000.0001      | 0
cancelled EUR | 1    | 2        | 17.5       | 35               | 0        | 35                    | 0
last second   | 1    | 1        | 10         | 10               | 0        | 10                    | 0
e-mail-f09d   | 1    | 2        | 10         | 20               | 0        | 20                    | 0
test          | 1    | 2        | 10         | 20               | 0        | 20                    | 0
of C1         | 1    | 2        | 10         | 20               | 0        | 20                    | 0
""",
    )


def test_a_line_has_the_values_of_its_order(done):
    orders = {row["order_id"]: row for row in done.orders}
    own = {"gross_amount", "discount_amount", "tax_amount"}
    shared = set(done.orders[0]) & set(done.order_lines[0]) - own
    for line in done.order_lines:
        for name in shared:
            assert line[name] == orders[line["order_id"]][name], name


def test_a_refund_counts_on_its_own_day_in_the_terms_of_its_order(done):
    check(
        done.refunds,
        """
refund_id    | order_id      | line | business_date | order_business | country | currency | is_sale | is_test
line         | sum           | 2    | 2026-11-19    | 2026-11-19     | US      | USD      | True    | False
whole        | sum           | 0    | 2026-11-20    | 2026-11-19     | US      | USD      | True    | False
free         | sum           | 1    | 2026-11-19    | 2026-11-19     | US      | USD      | True    | False
no such line | cancelled EUR | 0    | 2026-11-19    | 2026-11-19     | US      | EUR      | False   | False
of a test    | test          | 0    | 2026-11-19    | 2026-11-19     | US      | USD      | True    | True
again        | lines         | 7    | 2026-11-19    | 2026-11-19     | US      | USD      | True    | False
orphan       | O404          | 0    | 2026-11-18    | NULL           | NULL    | USD      | True    | False
of removed   | removed       | 0    | 2026-11-19    | NULL           | NULL    | USD      | True    | False
e-mail-f09d  | e-mail-f09d   | 1    | 2026-11-19    | 2026-11-19     | US      | USD      | True    | False
""",
    )
    check(
        done.refunds,
        """
refund_id    | sku         | category      | quantity | merchandise | tax | shipping | reason
line         | MUG-01      | Tableware     | 1        | 0.04        | 0   | 0        | by <e-mail>
whole        | NULL        | unallocated   | 0        | 3.3         | 0   | 0        | NULL
free         | MUG-01      | Tableware     | 1        | 0           | 0   | 0        | NULL
no such line | NULL        | unallocated   | 3        | 7           | 0   | 0        | too late
of a test    | NULL        | unallocated   | 0        | 1           | 0   | 0        | NULL
again        | gift        | uncategorised | 1        | 4           | 0   | 0        | NULL
orphan       | NULL        | unallocated   | 1        | 250         | 0   | 0        | NULL
of removed   | NULL        | unallocated   | 2        | 20          | 0   | 0        | NULL
e-mail-f09d  | e-mail-9ee2 | Cards         | 1        | 10          | 0   | 0        | NULL
""",
    )


def test_an_order_without_a_header_is_replaced_too_and_a_rejected_one_stays(done):
    loaded = set(column_of(done.orders, "order_id"))
    replaced = column_of(done.order_versions, "order_id")
    assert sorted(replaced) == sorted(loaded | {"O404", "removed"})
    assert set(column_of(done.order_versions, "read_at")) == {READ_AT}
    assert set(column_of(done.order_versions, "version_updated_at")) == {None}


def test_rejected_rows(done):
    check(
        done.rejected_rows,
        """
file        | row_number | reason                 | detail
orders      | 11         | missing_value          | ordered_at is empty
orders      | 12         | undated_draft          | ordered_at is empty
orders      | 13         | timestamp_out_of_range | ordered_at = 20111-11-19 15:00:00+00
orders      | 14         | timestamp_out_of_range | ordered_at = 1999-12-31 23:59:00+00
orders      | 17         | timestamp_out_of_range | ordered_at = 2026-11-21 11:01:00+00
orders      | 19         | timestamp_out_of_range | updated_at = infinity
orders      | 20         | missing_value          | currency is empty
orders      | 21         | invalid_currency       | currency = US$
orders      | 22         | missing_value          | order_id is empty
order_items | 3          | invalid_quantity       | quantity = 0
order_items | 4          | invalid_quantity       | quantity = -1
order_items | 5          | negative_price         | unit_price = -0.01
order_items | 6          | missing_value          | unit_price is empty
order_items | 7          | missing_value          | line_number is empty
order_items | 16         | too_many_digits        | quantity = 10000000
order_items | 17         | too_many_digits        | unit_price = 10000000000.0
order_items | 18         | too_many_digits        | gross_amount is empty
order_items | 19         | order_rejected         | order_id = no time
order_items | 20         | undated_draft          | order_id = draft
order_items | 21         | order_rejected         | order_id = 1999
order_items | 22         | invalid_quantity       | quantity = 0
order_items | 24         | order_rejected         | order_id = no money
order_items | 26         | unknown_order          | order_id = unknown
order_items | 27         | order_rejected         | order_id = unread
refunds     | 7          | negative_price         | merchandise_amount = -1.0
refunds     | 8          | missing_value          | amount is empty
refunds     | 10         | missing_value          | refunded_at is empty
refunds     | 11         | timestamp_out_of_range | refunded_at = 2027-01-01 00:00:00+00
refunds     | 12         | missing_value          | order_id is empty
refunds     | 13         | invalid_number         | line_number = -1
refunds     | 14         | order_rejected         | order_id = no time
refunds     | 15         | order_rejected         | order_id = unread
refunds     | 18         | missing_value          | amount is empty
orders      | 1          | invalid_number         | NULL
refunds     | 3          | invalid_number         | amount of <e-mail>
customers   | 4          | malformed_line         | NULL
orders      | 5          | malformed_line         | NULL
order_items | 29         | unknown_order          | order_id = e-mail-38c3
order_items | 32         | invalid_number         | line_number = -1
""",
    )


def test_a_rejected_row_is_stored_without_what_is_personal(done):
    stored = {(row["file"], row["row_number"]): row for row in done.rejected_rows}
    assert stored["refunds", 3]["raw"] == f"{1_990 * 'x'} <e-mail>"
    assert stored["customers", 4]["raw"] == "C9,<e-mail>,US"
    assert stored["orders", 5]["raw"] == '{"order_id":"O5","note":"to <e-mail>"}'
    assert stored["orders", 5]["order_id"] == "O5"
    assert '"quantity":-1' in stored["order_items", 4]["raw"]
    assert set(column_of(done.rejected_rows, "run_id")) == {RUN_ID}
    assert "example.com" not in repr(done.tables)


def test_every_row_that_was_read_is_accounted_for(done):
    # 43 orders, 33 lines, 19 refunds, 4 rejects of the extract
    # 34 orders, 16 lines and 9 refunds were accepted; one refund was read three times
    assert done.counts == (99, 59, 39, 1)
    assert done.totals["orders"] == 34
    assert done.totals["rejected"] == {
        "invalid_currency": 1,
        "invalid_number": 4,
        "invalid_quantity": 3,
        "malformed_line": 2,
        "missing_value": 9,
        "negative_price": 2,
        "order_rejected": 6,
        "timestamp_out_of_range": 5,
        "too_many_digits": 3,
        "undated_draft": 2,
        "unknown_order": 2,
    }


def test_amounts_by_currency_are_loaded_rejected_or_lost(done):
    check(
        done.control_totals,
        """
currency | source_amount | loaded           | superseded | rejected | file
USD      | 240.0172      | 150.0372         | 0          | 109.98   | NULL
JPY      | 1600          | 1500             | 0          | 0        | NULL
EUR      | 35            | 35               | 0          | 0        | NULL
CAD      | 60            | 60               | 0          | 0        | NULL
CHF      | 0             | 99999989000.0001 | 0          | 0        | NULL
         | 20            | 0                | 0          | 20       | NULL
""",
    )


def test_a_customer_is_known_by_address_else_by_number(done):
    ann = hash_of("ann@example.com")
    by_number = hash_of("sales_db:C2")
    unlisted = hash_of("sales_db:C4")
    hashes = [done[f"of {name}"]["customer_hash"] for name in ("C1", "C2", "C3", "C4")]
    assert hashes == [ann, by_number, ann, unlisted]
    check(
        done.customers,
        f"""
customer_hash | country_code | updated_at
{ann}         | US           | 2026-11-20 11:00
{by_number}   | NULL         | 2026-11-19 15:00
{unlisted}    | FR           | 2026-11-19 16:00
""",
    )


def test_products_differ_by_the_case_of_their_sku(done):
    check(
        done.products,
        """
sku         | name      | category  | updated_at
MUG-01      | Mug, blue | Tableware | 2026-11-19 15:00
mug-01      | Mug, sand | NULL      | 2026-11-19 15:00
e-mail-9ee2 | Card      | Cards     | NULL
""",
    )


def test_two_spellings_of_an_id_are_one_order_whose_later_state_counts(raw):
    """It is replaced also as its source spells it, and so is one that was removed: it may be stored so."""
    later = {
        "status": "cancelled",
        "updated_at": datetime(2026, 11, 19, 18, tzinfo=UTC),
    }
    removed = ["O3\u00a0", "ann@example.com"]
    done = raw.sales_db(
        orders=[
            order("O1"),
            order("O1\u00a0", **later),
            order("O2\u00a0", **later),
            order("O2"),
        ],
        order_items=[item("O1"), item("O1\u00a0", unit_price=Decimal(7))],
        refunds=[refund(), refund("'R1", "\ufeffO1"), refund("R2", '="O1"')],
        removed_orders=[{"order_id": order_id} for order_id in removed],
    )
    check(
        done.orders,
        """
order_id | status    | gross
O1       | cancelled | 14
O2       | cancelled | 0
""",
    )
    refunds = {(row["refund_id"], row["order_id"]) for row in done.refunds}
    assert refunds == {("R1", "O1"), ("R2", "O1")}
    assert done.rejected_rows == []
    *known, masked = sorted(column_of(done.order_versions, "order_id"))
    assert known == ["O1", "O1\u00a0", "O2", "O2\u00a0", "O3\u00a0"]
    assert masked.startswith("e-mail-")
