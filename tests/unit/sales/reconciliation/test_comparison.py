"""Which days of a source and of the warehouse differ: one comparison, a day for each case."""

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ecommerce.sales.reconciliation.comparison import (
    days_to_compare,
    differing_days,
)
from ecommerce.sources import SALES_DB, STOREFRONT
from ecommerce.storage.duckdb import connect_duckdb
from ecommerce.storage.staging import Manifest
from ecommerce.warehouse import rendering
from ecommerce.warehouse.schema import arrow_type

FIRST, BEFORE, NEXT = date(2026, 9, 1), date(2026, 8, 1), date(2026, 11, 18)
LOADED_AT = datetime(2026, 11, 20, 11, tzinfo=UTC)
READ_AT = LOADED_AT + timedelta(hours=2)
"""When the comparison read the source."""
LAST_READ = LOADED_AT - timedelta(minutes=30)
SECOND = timedelta(seconds=1)
Row = dict[str, Any]
Line = tuple[int, str, str, str]
LINES = [(1, "mug", "1", "10.00"), (2, "cup", "2", "5.00")]
"""(line number, SKU, pieces, price of one) of every order, unless told otherwise."""


def order(**changes):
    """An order of two lines, in either table."""
    return {
        "status": "completed",
        "is_sale": True,
        "is_test": False,
        "currency": "USD",
        "country_code": "US",
        "customer_hash": "ann",
        "coupon_code": None,
        "item_count": 2,
        "gross_amount": Decimal(20),
        "discount_amount": Decimal("1.5"),
        "tax_amount": Decimal(0),
        "shipping_amount": Decimal("4.9"),
        "fee_amount": Decimal(0),
        "ordered_at": datetime(2026, 11, 18, 15, 30, 0, 123456, tzinfo=UTC),
        "updated_at": datetime(2026, 11, 18, 15, 30, tzinfo=UTC),
        "read_at": LOADED_AT,
    } | changes


def refund(**changes):
    """A refund of a whole order, in either table."""
    return {
        "line_number": 0,
        "category": "unallocated",
        "currency": "USD",
        "quantity": Decimal(0),
        "merchandise_amount": Decimal("2.5"),
        "tax_amount": Decimal(0),
        "shipping_amount": Decimal(0),
        "is_sale": True,
        "is_test": False,
        "refunded_at": datetime(2026, 11, 19, 9, tzinfo=UTC),
        "read_at": LOADED_AT,
    } | changes


@dataclass
class Case:
    """The orders and refunds of one day, in the source and as they are stored."""

    orders: list[Row] = field(default_factory=lambda: [order()])
    stored_orders: list[Row] = field(default_factory=lambda: [order()])
    refunds: list[Row] = field(default_factory=list)
    stored_refunds: list[Row] = field(default_factory=list)
    lines: list[Line] = field(default_factory=lambda: LINES)
    what: str = ""
    figures: list[list[str]] = field(default_factory=list)


CHANGED = "orders: 1 changed"
REFUNDED = "orders: 1 with other refunds"
MOVED = [(1, "cup", "1", "10.00"), (2, "mug", "2", "5.00")]
DEARER = [(1, "mug", "1", "12.00"), (2, "cup", "2", "4.00")]
SAME = order(read_at=READ_AT, gross_amount=Decimal("20.0000"), updated_at=None)
CASES = {
    "equal": Case(orders=[SAME]),
    "a changed order is in both": Case(
        orders=[order(status="cancelled"), order(order_id="B")],
        stored_orders=[order(), order(order_id="B", status="cancelled")],
        what="orders: 2 changed",
    ),
    "deleted": Case(
        orders=[],
        stored_refunds=[refund()],
        what="orders: 1 gone from the source",
        figures=[
            ["orders", "0", "1"],
            ["gross amount", "0.00", "20.00"],
            ["refunds", "0", "1"],
            ["refunded amount", "0.00", "2.50"],
        ],
    ),
    "never loaded": Case(
        stored_orders=[],
        what="orders: 1 not in the warehouse",
        figures=[["orders", "1", "0"], ["gross amount", "20.00", "0.00"]],
    ),
    "lines with other SKUs": Case(lines=MOVED, what=CHANGED),
    "lines with other prices": Case(lines=DEARER, what=CHANGED),
    "moved to a day that is not compared": Case(
        orders=[order(business_date=NEXT)], what=CHANGED
    ),
    "of a day that is not compared": Case(
        orders=[order(business_date=BEFORE)], stored_orders=[]
    ),
    "changed since the last read": Case(
        orders=[order(status="cancelled", updated_at=LAST_READ)]
    ),
    "changed before the last read": Case(
        orders=[order(status="cancelled", updated_at=LAST_READ - SECOND)], what=CHANGED
    ),
    "read since": Case(
        stored_orders=[order(status="pending", read_at=READ_AT + SECOND)]
    ),
    "read at once": Case(
        stored_orders=[order(status="pending", read_at=READ_AT)], what=CHANGED
    ),
    "refunded since the last read": Case(refunds=[refund(refunded_at=LAST_READ)]),
    "refund read since": Case(stored_refunds=[refund(read_at=READ_AT + SECOND)]),
    "refund gone": Case(
        stored_refunds=[refund()],
        what=REFUNDED,
        figures=[["refunds", "0", "1"], ["refunded amount", "0.00", "2.50"]],
    ),
    "refund of another amount": Case(
        refunds=[refund(merchandise_amount=Decimal(3))],
        stored_refunds=[refund()],
        what=REFUNDED,
        figures=[["refunded amount", "3.00", "2.50"]],
    ),
    "refund with other tax": Case(
        refunds=[refund(tax_amount=Decimal("0.0001"))],
        stored_refunds=[refund()],
        what=REFUNDED,
    ),
    "refund of an unknown order": Case(
        orders=[],
        stored_orders=[],
        refunds=[refund(order_business_date=None, merchandise_amount=Decimal(3))],
        stored_refunds=[refund(order_business_date=None)],
        what=REFUNDED,
        figures=[["refunded amount", "3.00", "2.50"]],
    ),
    "refund of another category": Case(
        refunds=[refund(category="Kitchen")], stored_refunds=[refund(category="Toys")]
    ),
    "refund with a reason": Case(
        refunds=[refund(reason="broken")], stored_refunds=[refund()], what=REFUNDED
    ),
    "forgotten customer": Case(
        orders=[order(customer_hash="forgotten")],
        stored_orders=[order(customer_hash=None)],
    ),
    "forgotten order": Case(
        stored_orders=[order(customer_hash=None)],
        refunds=[refund(reason="Ann says it is broken")],
        stored_refunds=[refund()],
    ),
    "a column that was added later": Case(stored_orders=[order(fee_amount=None)]),
    "another customer": Case(orders=[order(customer_hash="bob")], what=CHANGED),
}
VALUES = {
    "status": "cancelled",
    "is_sale": False,
    "is_test": True,
    "currency": "EUR",
    "country_code": None,
    "coupon_code": "SPRING",  # none was stored
    "item_count": 3,
    "discount_amount": Decimal("1.5001"),
    "tax_amount": Decimal("0.0001"),
    "shipping_amount": Decimal("4.8999"),
    "fee_amount": Decimal(-1),
    "ordered_at": datetime(2026, 11, 18, 15, 30, 0, 123457, tzinfo=UTC),
}
for column, value in VALUES.items():
    CASES[column] = Case(orders=[order(**{column: value})], what=CHANGED)
# Attributes are compared name by name: one that is not configured on both days is not.
ATTRIBUTES = {
    "configured later": ('{"a":"app","b":"card"}', '{"a":"app"}', ""),
    "no longer configured": ('{"a":"app"}', '{"b":"card","a":"app"}', ""),
    "never configured": ('{"a":"app"}', None, ""),
    "another attribute": ('{"a":"app"}', '{"a":"web"}', CHANGED),
}
for name, (current, stored, what) in ATTRIBUTES.items():
    CASES[name] = Case(
        orders=[order(attributes=current)],
        stored_orders=[order(attributes=stored)],
        what=what,
    )
CASES["gross_amount"] = Case(
    orders=[order(gross_amount=Decimal("20.0001"))],
    what=CHANGED,
    figures=[["gross amount", "20.0001", "20.00"]],
)


def line_digest(lines):
    """As the warehouse's query makes it, in plain Python."""
    digest = 0
    for number, sku, quantity, price in lines:
        gross = Decimal(quantity) * Decimal(price)
        amounts = (Decimal(quantity), Decimal(price), gross)
        scaled = [int(amount * 10000) for amount in amounts]
        text = "|".join(map(str, [number, sku, *scaled, 0, 0]))
        digest ^= int(hashlib.md5(text.encode()).hexdigest()[:15], 16)
    return digest


def rows_of_lines(order, lines):
    for number, sku, quantity, price in lines:
        yield {
            "order_id": order["order_id"],
            "line_number": number,
            "sku": sku,
            "quantity": Decimal(quantity),
            "unit_price": Decimal(price),
            "gross_amount": Decimal(quantity) * Decimal(price),
            "discount_amount": Decimal(0),
            "tax_amount": Decimal(0),
        }


def table_of(table, rows, **more):
    fields = [(column.name, arrow_type(column)) for column in rendering.columns(table)]
    return pa.Table.from_pylist(rows, schema=pa.schema([*fields, *more.items()]))


def compare(folder, source):
    """What differs, by case."""
    rows = defaultdict(list)
    days = {}
    for place, (name, case) in enumerate(CASES.items()):
        days[name] = FIRST + timedelta(days=place)
        defaults = {
            "business_date": days[name],
            "order_business_date": days[name],
            "order_id": name,
            "refund_id": name,
            "source": source,
            "line_digest": line_digest(LINES),
        }
        for table in ("orders", "stored_orders", "refunds", "stored_refunds"):
            rows[table] += [defaults | row for row in getattr(case, table)]
        for order_row in case.orders:
            rows["order_lines"] += rows_of_lines(defaults | order_row, case.lines)
    columns = {}
    for table in ("orders", "order_lines", "refunds"):
        written = table_of(table, rows[table])
        pq.write_table(written, folder / f"{table}.parquet")
        columns[f"{table}.parquet"] = written.column_names
    uri = f"file://{folder}"
    loadable = Manifest(source, NEXT, uri, 0, 0, "", columns, *[READ_AT] * 3)
    forgotten = ["forgotten", sha256(f"{source} forgotten order")]
    stored = {
        "stored_orders": table_of(
            "orders", rows["stored_orders"], line_digest=pa.int64()
        ),
        "stored_refunds": table_of("refunds", rows["stored_refunds"]),
        "forgotten_hashes": pa.table({"forgotten_hash": forgotten}),
    }
    with connect_duckdb() as duck:
        for table, content in stored.items():
            duck.from_arrow(content).create(table)
        result = differing_days(duck, loadable, list(days.values()), LAST_READ)
    assert {row["source"] for row in result} <= {source}
    by_day = {row["business_date"]: row for row in result}
    return {name: by_day[str(day)] for name, day in days.items() if str(day) in by_day}


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture(scope="module")
def storefront(tmp_path_factory):
    return compare(tmp_path_factory.mktemp("storefront"), STOREFRONT)


@pytest.mark.parametrize("name", CASES)
def test_a_day_differs(storefront, name):
    case = CASES[name]
    if not case.what:
        assert name not in storefront
        return
    assert storefront[name]["what"] == case.what
    assert storefront[name]["figures"] == case.figures


def test_a_customers_new_address_changes_no_order_of_the_sales_database(
    storefront, tmp_path
):
    """There the address is the customer's, and not the order's."""
    expected = set(storefront) - {"another customer"}
    assert set(compare(tmp_path, SALES_DB)) == expected


def test_compares_the_closed_days_up_to_yesterday_in_the_shop(
    monkeypatch,
):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    monkeypatch.setenv("RECONCILE_DAYS", "5")
    # It is still the 19th there.
    days = days_to_compare(datetime(2026, 11, 20, 3, tzinfo=UTC))
    assert (str(days[0]), str(days[-1]), len(days)) == ("2026-11-14", "2026-11-18", 5)
