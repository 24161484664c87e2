"""Reading files: no line is lost, whatever its neighbours are."""

import os
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ecommerce.core.errors import ContractError
from ecommerce.sources.partner_layouts import COLUMNS
from tests.unit.sales.history.export import (
    HEADER,
    all_staged,
    line,
    text,
)
from tests.unit.sales.tables import check, records

SOUND = [
    line("A"),
    line("A", 2, product_name='"Mug, ""large"""', category='""'),
    line("B", ordered_at="2023-12-31T23:59:59-05:00", customer_email=""),
    line("C", product_name='5 inch" screen', country_code=" us "),
    line("Ü", 3, product_name='"ends with blank" '),
]
SOUND_ROWS = [
    ("A", "1", "Mug", "US", "jane.A@example.com"),
    ("A", "2", 'Mug, "large"', "US", "jane.A@example.com"),
    ("B", "1", "Mug", "US", None),
    ("C", "1", '5 inch" screen', " us ", "jane.C@example.com"),
    ("Ü", "3", "ends with blank", "US", "jane.Ü@example.com"),
]
MORE_COLUMNS = [f"x,y,{row}" for row in SOUND]
SOUND_FILES = {
    "plain": text(*SOUND),
    "crlf": text(*SOUND, end="\r\n"),
    "byte order mark": "\ufeff" + text(*SOUND),
    "no line end at the end": text(*SOUND).rstrip("\n"),
    "more columns": "\n".join([f"extra_3,Ext,{HEADER}", *MORE_COLUMNS, ""]),
}
# Each with the reasons of the records that are rejected.
AWKWARD_FILES = {
    "blank lines": (text(SOUND[0], "", "   ", *SOUND[1:], ""), []),
    "carriage return in quotes": (text(line("M", sku='"M\rx"'), *SOUND), []),
    "line break in quotes": (text(SOUND[0], line("D", sku='"M\nx"'), *SOUND[1:]), []),
    "too few and too many fields": (
        text(SOUND[0], "X,1", line("E") + ",more", *SOUND[1:]),
        ["malformed_line", "malformed_line"],
    ),
    "quotes that swallow lines": (
        text(line("G", sku='"Mug'), *SOUND, line("H", sku='Mug"')),
        ["malformed_line"],
    ),
    "not UTF-8": (
        text(*SOUND, line("K", sku="MARK")).encode().replace(b"MARK", b"M\xfcg"),
        ["bad_encoding"],
    ),
    "carriage return in a field": (
        text(line("L", sku="Mug\rlarge"), *SOUND),
        ["malformed_line"],
    ),
}


def file_name(case):
    return f"{case}.csv"


@pytest.fixture(scope="module")
def reads(shared_export):
    """Every file of this module's tables, and three that are compressed."""
    for case, content in SOUND_FILES.items():
        shared_export.put(file_name(case), content)
    for case, (awkward, _) in AWKWARD_FILES.items():
        shared_export.put(file_name(case), awkward)
    numbered = text(*[line(f"O{number}") for number in range(2, 1500)])
    shared_export.put("numbered.csv.gz", numbered)
    shared_export.put("numbered.csv.zst", numbered)
    return shared_export.read()


def rows_of(reads, file, name="lines"):
    """The staged rows of one file."""
    (read,) = [read for read in reads if read["control_totals"]["file"] == file]
    return all_staged([read], name)


@pytest.mark.parametrize("case", SOUND_FILES)
def test_a_sound_file_is_read_whole_however_it_is_written(reads, case):
    names = (
        "order_id",
        "line_number",
        "product_name",
        "country_code",
        "customer_email",
    )
    totals = {each["control_totals"]["file"]: each["control_totals"] for each in reads}
    kinds = [each["kind"] for each in totals[file_name(case)]["warnings"]]
    assert kinds == (["columns_not_read"] if case == "more columns" else [])
    lines = rows_of(reads, file_name(case))
    found = [tuple(row[name] for name in names) for row in lines]
    assert sorted(found) == SOUND_ROWS
    assert rows_of(reads, file_name(case), "rejects") == []


@pytest.mark.parametrize("case", AWKWARD_FILES)
def test_no_sound_record_of_a_broken_file_is_lost(reads, case):
    lines = rows_of(reads, file_name(case))
    found = {(row["order_id"], row["line_number"]) for row in lines}
    assert {row[:2] for row in SOUND_ROWS} <= found
    rejects = rows_of(reads, file_name(case), "rejects")
    assert [row["reason"] for row in rejects] == AWKWARD_FILES[case][1]


@pytest.mark.parametrize("file", ["numbered.csv.gz", "numbered.csv.zst"])
def test_rows_are_numbered_by_the_lines_of_the_file(reads, file):
    rows = rows_of(reads, file)
    assert len(rows) == 1498
    assert {row["file"] for row in rows} == {file}
    assert all(row["order_id"] == f"O{row['row_number']}" for row in rows)


DAMAGED = [
    ("a.csv", "", "it is empty, without even a header"),
    ("a.csv", "order_id,line_number\n", "its header lacks ordered_at, updated_at"),
    ("a.csv", b"\xff\xfe\n", "its first line cannot be read as a CSV header"),
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
    assert [row["order_id"] for row in all_staged(export.read())] == ["new"]


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
