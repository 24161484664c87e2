"""Which days of a source and of the warehouse differ: one comparison, a day for each case of `cases.yaml`."""

import hashlib
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from unittest.mock import Mock

import pytest
import yaml

from ecommerce.sales.reconciliation import comparison
from ecommerce.sales.reconciliation.comparison import differing_days
from ecommerce.storage.duckdb import connect_duckdb
from ecommerce.storage.staging import DagRun, Manifest
from ecommerce.warehouse import rendering
from tests.rows import column_by, column_of
from tests.source_names import SALES_DB, STOREFRONT
from tests.unit.sales.transform.raw_folders import columns_of_table, write

FIRST, NEXT = date(2026, 9, 1), date(2026, 11, 18)
LAST_READ = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
READ_AT = datetime(2026, 11, 20, 13, tzinfo=UTC)
LINES = [(1, "mug", "1", "10.00"), (2, "cup", "2", "5.00")]
"""(line number, SKU, pieces, price of one) of every order, unless its case has others."""
DATA = yaml.safe_load(Path(__file__).with_name("cases.yaml").read_text())
CASES = DATA["cases"]


def rows_of_lines(order_id, lines):
    """Rows of order_lines."""
    zeros = dict.fromkeys(("discount_amount", "tax_amount"), Decimal(0))
    rows = []
    for number, sku, quantity, price in lines:
        row = {"order_id": order_id, "line_number": number, "sku": sku} | zeros
        row["quantity"] = Decimal(quantity)
        row["unit_price"] = Decimal(price)
        row["gross_amount"] = row["quantity"] * row["unit_price"]
        rows.append(row)
    return rows


def line_digest(lines):
    """As the warehouse's query makes it, in plain Python."""
    digest = 0
    for row in rows_of_lines("", lines):
        scaled = [
            int(row[name] * 10000)
            for name in ("quantity", "unit_price", "gross_amount")
        ]
        text = "|".join(map(str, [row["line_number"], row["sku"], *scaled, 0, 0]))
        digest ^= int(hashlib.md5(text.encode()).hexdigest()[:15], 16)
    return digest


def rows_of_cases(source, days):
    """The rows of each table: an order of each case on its day, changed as the case has it."""
    rows = defaultdict(list)
    for name, case in CASES.items():
        order = {"source": source, "order_id": name, "business_date": days[name]}
        refund = order | {"refund_id": name, "order_business_date": days[name]}
        order |= DATA["order"]
        refund |= DATA["refund"]
        for changes in case.get("orders", [{}]):
            read = order | changes
            rows["orders"].append(read)
            lines = case.get("lines", LINES)
            rows["order_lines"] += rows_of_lines(read["order_id"], lines)
        order["line_digest"] = line_digest(LINES)
        for changes in case.get("stored_orders", [{}]):
            rows["stored_orders"].append(order | changes)
        for table in ("refunds", "stored_refunds"):
            rows[table] += [refund | changes for changes in case.get(table, [])]
    return rows


def compare(folder, source):
    """What differs, by case."""
    days = {name: FIRST + timedelta(place) for place, name in enumerate(CASES)}
    rows = rows_of_cases(source, days)
    columns = {}
    for table in ("orders", "order_lines", "refunds"):
        write(folder / f"{table}.parquet", columns_of_table(table), rows[table])
        names = [column.name for column in rendering.columns(table)]
        columns[f"{table}.parquet"] = names
    uri = f"file://{folder}"
    loadable = Manifest(
        source, NEXT, uri, 0, 0, "", columns, *[READ_AT] * 3, {"visible_from": "1000"}
    )
    order_hash = hashlib.sha256(f"{source} forgotten order".encode()).hexdigest()
    with connect_duckdb() as duck:
        for table in ("orders", "refunds"):
            path = folder / f"stored_{table}.parquet"
            declared = f"{columns_of_table(table)}, line_digest BIGINT"
            write(path, declared, rows[f"stored_{table}"])
            duck.execute(f"CREATE TABLE stored_{table} AS FROM '{path}'")
        duck.execute(
            "CREATE TABLE forgotten_hashes AS SELECT unnest($1) AS forgotten_hash",
            [["forgotten", order_hash]],
        )
        result = differing_days(duck, loadable, list(days.values()), LAST_READ)
    assert set(column_of(result, "source")) <= {source}
    by_day = column_by(result, "business_date", "what")
    return {name: by_day[str(day)] for name, day in days.items() if str(day) in by_day}


@pytest.fixture(scope="module")
def storefront(tmp_path_factory):
    return compare(tmp_path_factory.mktemp("storefront"), STOREFRONT)


@pytest.mark.parametrize("name", CASES)
def test_a_day_differs(storefront, name):
    expected = CASES[name]
    if "what" in expected:
        assert storefront[name] == expected["what"]
    else:
        assert name not in storefront


def test_a_customers_new_address_changes_no_order_of_the_sales_database(
    storefront, tmp_path
):
    """There the address is the customer's, and not the order's."""
    expected = set(storefront) - {"another customer"}
    assert set(compare(tmp_path, SALES_DB)) == expected


def test_compares_the_closed_days_up_to_yesterday_in_the_shop(monkeypatch):
    monkeypatch.setenv("RECONCILE_DAYS", "5")
    read_days = Mock(return_value=[])
    monkeypatch.setattr(comparison.load_history, "read_days", read_days)
    # It is still the 19th there.
    now = datetime(2026, 11, 20, 3, tzinfo=UTC)
    assert comparison.read_once_more(SALES_DB, DagRun("d", "r"), now) is None
    span = (date(2026, 11, 14), date(2026, 11, 18))
    read_days.assert_called_once_with(SALES_DB, *span)
