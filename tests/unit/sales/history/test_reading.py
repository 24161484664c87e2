"""Reading files: no line is lost, whatever its neighbours are."""

import os
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ecommerce.core.errors import ContractError
from ecommerce.sources import partner_layouts
from ecommerce.sources.partner_layouts import COLUMNS
from tests.rows import column_of
from tests.unit.sales.history.export import (
    HEADER,
    all_staged,
    line,
    staged,
    text,
)
from tests.unit.sales.tables import check, records


@pytest.mark.parametrize("name", ["orders.csv", "orders.csv.gz", "orders.csv.zst"])
def test_a_file_is_split_as_those_of_partners(export, name):
    """Where it is broken, one record costs one line; `tests/unit/sources/test_csv_records.py` breaks it."""
    sound = [line(f"O{number}") for number in range(2, 1500)]
    export.put(name, "\ufeff" + text(*sound, "X,1", line("A") + ",more", line("B")))
    (read,) = export.read()
    *rows, last = staged(read["uri"])
    assert len(rows) == 1498
    assert all(row["order_id"] == f"O{row['row_number']}" for row in rows)
    assert (last["order_id"], last["row_number"], last["file"]) == ("B", 1502, name)
    assert last["customer_email"] == "jane.B@example.com"
    rejects = staged(read["uri"], "rejects")
    assert [(row["row_number"], row["reason"]) for row in rejects] == [
        (1500, "malformed_line"),
        (1501, "malformed_line"),
    ]


def test_columns_that_are_not_read_are_a_warning(export):
    export.put("a.csv", f"extra_3,Ext,{HEADER}\nx,y,{line('A')}\n")
    (read,) = export.read()
    (warning,) = read["control_totals"]["warnings"]
    assert (warning["kind"], warning["file"]) == ("columns_not_read", "a.csv")
    assert column_of(staged(read["uri"]), "order_id") == ["A"]


DAMAGED = [
    ("a.csv", "", "it is empty, without even a header"),
    ("a.csv", "order_id,line_number\n", "its header lacks ordered_at, updated_at"),
    (
        "a.parquet",
        "no parquet",
        "Invalid Input Error: File .* too small to be a Parquet file",
    ),
    ("a.csv.gz", None, "its compressed data is damaged or ends too early"),
]


@pytest.mark.parametrize(("name", "content", "complaint"), DAMAGED)
def test_a_file_that_cannot_be_read_stops_the_export(name, content, complaint, export):
    sound = text(*[line(f"O{n}") for n in range(500)])
    path = export.put(name, sound if content is None else content)
    if content is None:
        path.write_bytes(path.read_bytes()[:-7])
    message = f"^{name}: {complaint}.*; nothing of the export was loaded"
    with pytest.raises(ContractError, match=message):
        export.read()
    assert not list(export.staging.rglob("manifest.json"))


def test_an_export_with_the_layout_of_a_settlement_has_no_orders(
    export, tmp_path, monkeypatch
):
    monkeypatch.setattr(partner_layouts, "FOLDER", tmp_path)
    (tmp_path / "agora_settlement.yaml").write_text("kind: settlement")
    export.put("a.csv", text(line("A")))
    message = "^a.csv: its layout is that of a settlement, which has no orders"
    with pytest.raises(ContractError, match=message):
        export.read(source="agora_settlement")


INSTANTS = """
order_id | ordered_at                | day
A        | 2024-01-01T04:59:59Z      | 2023-12-31
B        | 2024-01-01T05:00:00Z      | 2024-01-01
C        | 2024-07-01 03:59:59.5+00  | 2024-06-30
D        | 2024-01-01T05:00:00       | NULL
E        | someday                   | NULL
F        | 1999-12-31T00:00:00Z      | NULL
G        | 2126-01-01T00:00:00Z      | NULL
"""


def dated(order_id, ordered_at, day):
    return line(order_id, ordered_at=ordered_at)


def test_the_day_is_the_shops_and_unusable_instants_have_none(export):
    path = export.put("a.csv", text(*records(dated, INSTANTS)))
    os.utime(path, (1_000_000_000, 1_000_000_000))
    reads = export.read()
    check(all_staged(reads), INSTANTS)
    received = {row["received_at"].timestamp() for row in all_staged(reads)}
    assert received == {1_000_000_000}, (
        "of two versions, the one of the newer file wins"
    )
    assert reads[0]["control_totals"]["without_day"] == 4
    days = [row["day"] for row in all_staged(reads) if row["day"]]
    assert days == sorted(days), "so that a month is read without the others"

    path.write_text(text(line("new")))  # a file that was replaced is read again
    assert column_of(all_staged(export.read()), "order_id") == ["new"]


def parquet_file(export, name="a", **changes):
    values = dict(zip(COLUMNS, line("A").split(","), strict=True))
    columns = {column: pa.array([value]) for column, value in values.items()}
    pq.write_table(pa.table(columns | changes), export.folder / f"{name}.parquet")


def test_parquet_is_read_by_name_and_every_value_exactly(export, monkeypatch):
    monkeypatch.setenv("ORDER_ATTRIBUTES", "sales_channel")
    instant = datetime(2024, 3, 5, 15, 0, 0, 123456, tzinfo=UTC)
    berlin = pa.timestamp("us", tz="Europe/Berlin")
    typed = {
        "order_id": pa.array([1e16 + 2]),
        "unit_price": pa.array([Decimal("12345678901234.5670")], pa.decimal128(20, 4)),
        "discount_amount": pa.array([0.1]),
        "line_number": pa.array([7.0]),
        "quantity": pa.array([3], pa.int64()),
        "ordered_at": pa.array([instant], berlin),
        "customer_email": pa.array([None], pa.string()),
        "unknown": pa.array([b"x"]),
    }
    parquet_file(export, **dict(reversed(typed.items())))
    # pandas writes nanoseconds, Spark and Hive write text as bytes.
    nanoseconds = pa.timestamp("ns", tz="America/New_York")
    parquet_file(
        export,
        "b",
        ordered_at=pa.array([1_709_650_800_123_456_789], nanoseconds),
        line_number=pa.array(["1"]),
        quantity=pa.array([4.0], pa.float32()),
        unit_price=pa.nulls(1),
        product_name=pa.array(["Käse".encode()]),
        sales_channel=pa.array(["Café".encode()]),
    )
    rows = all_staged(export.read())
    check(
        rows,
        """
file      | row_number | line_number | unit_price          | discount_amount | quantity | customer_email
a.parquet | 1          | 7           | 12345678901234.5670 | 0.1             | 3        | NULL
b.parquet | 1          | 1           | NULL                | 0               | 4        | jane.A@example.com
""",
    )
    check(
        rows,
        """
file      | order_id          | ordered_at                       | day        | product_name | sales_channel
a.parquet | 10000000000000002 | 2024-03-05 15:00:00.123456+00    | 2024-03-05 | Mug          | NULL
b.parquet | A                 | 2024-03-05 15:00:00.123456789+00 | 2024-03-05 | Käse         | Café
""",
    )


def test_a_name_that_looks_like_a_pattern_is_that_files_name(export):
    for name in ("orders[1].csv", "orders1.csv"):
        export.put(name, text(line(name)))
    rows = all_staged(export.read())
    assert len(rows) == 2
    assert all(row["order_id"] == row["file"] for row in rows)


@pytest.mark.parametrize(
    ("column", "values", "kind"),
    [
        ("ordered_at", [datetime.fromisoformat("2024-03-05")], "TIMESTAMP"),
        ("quantity", [[1]], r"BIGINT\[\]"),
        ("sku", [{"id": "M"}], r"STRUCT\(.*\)"),
    ],
)
def test_parquet_columns_whose_text_is_no_value_stop_the_export(
    column, values, kind, export
):
    parquet_file(export, **{column: pa.array(values)})
    complaint = f"^a.parquet: its column {column} is {kind}: it needs text, numbers, or"
    with pytest.raises(ContractError, match=complaint):
        export.read()
