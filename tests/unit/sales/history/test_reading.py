"""Reading one file: no line is lost, whatever its neighbours are."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ecommerce.core.errors import ContractError
from ecommerce.sources.partner_layouts import COLUMNS
from tests.unit.sales.history.export import (
    HEADER,
    Export,
    all_staged,
    day,
    facts,
    line,
    staged,
    text,
)

SOUND = [
    line("A"),
    line("A", 2, product_name='"Mug, ""large"""', category='""'),
    line("B", ordered_at="2023-12-31T23:59:59-05:00", customer_email=""),
    line("C", product_name='5 inch" screen', country_code=" us "),
    line("Ü", 3, product_name='"ends with blank" '),
]
SOUND_FILES = {
    "plain": text(*SOUND),
    "crlf": text(*SOUND, end="\r\n"),
    "byte order mark": "\ufeff" + text(*SOUND),
    "no line end at the end": text(*SOUND).rstrip("\n"),
    "carriage return in quotes": text(line("M", product_name='"Mug\rlarge"'), *SOUND),
    "only a header": HEADER + "\n",
    "quoted header": ",".join(f'"{name}"' for name in COLUMNS)
    + "\n"
    + "\n".join(SOUND)
    + "\n",
    "more columns": "extra_3,Ext\n".replace("\n", ",")
    + HEADER
    + "\n"
    + "".join(f"x,y,{each}\n" for each in SOUND),
}
AWKWARD_FILES = {
    "blank lines": text(SOUND[0], "", "   ", *SOUND[1:], ""),
    "mixed line ends": HEADER + "\n" + "\r\n".join(SOUND) + "\n",
    "line break in quotes": text(
        SOUND[0], line("D", product_name='"Mug\nlarge"'), *SOUND[1:]
    ),
    "too few and too many fields": text(
        SOUND[0], "X,1", line("E") + ",more", *SOUND[1:]
    ),
    "quote that is not closed": text(
        SOUND[0], line("F", product_name='"Mug'), *SOUND[1:]
    ),
    "quotes that swallow lines": text(
        line("G", product_name='"Mug'), *SOUND, line("H", product_name='Mug"'), SOUND[0]
    ),
    "quote not closed in the last line": text(*SOUND, line("I", country_code='"US')),
    "text behind a quote": text(line("J", product_name='"Mug"s'), *SOUND),
    "not UTF-8": text(*SOUND).encode()
    + line("K").encode().replace(b"Mug", b"M\xfcg")
    + b"\n",
    "blanks before quotes": text(
        line("O", product_name='   "Mug, large"'), line("P", sku='  ","'), *SOUND
    ),
    "carriage return in a field": text(line("L", product_name="Mug\rlarge"), *SOUND),
}


def read(export: Export, name: str, content: str | bytes) -> list[dict[str, Any]]:
    export.put(name, content)
    return export.read()


@pytest.mark.parametrize("name", SOUND_FILES)
def test_a_sound_file_is_read_whole_however_it_is_written(
    name: str, export: Export
) -> None:
    reads = read(export, "orders.csv", SOUND_FILES[name])

    lines = all_staged(
        reads,
        columns="order_id, line_number, product_name, country_code, customer_email",
    )
    expected = [
        ("A", "1", "Mug", "US", "jane.A@example.com"),
        ("A", "2", 'Mug, "large"', "US", "jane.A@example.com"),
        ("B", "1", "Mug", "US", None),
        ("C", "1", '5 inch" screen', " us ", "jane.C@example.com"),
        ("Ü", "3", "ends with blank", "US", "jane.Ü@example.com"),
    ]
    if name == "carriage return in quotes":
        expected.append(("M", "1", "Mug\rlarge", "US", "jane.M@example.com"))
    assert lines == ([] if name == "only a header" else sorted(expected))
    assert all_staged(reads, "rejects") == []
    assert len(facts(reads)["warnings"]) == (name == "more columns")


def test_no_record_of_a_broken_file_is_lost(export: Export) -> None:
    found = {}
    for number, (name, content) in enumerate(AWKWARD_FILES.items()):
        export.put("orders.csv", content)
        found[name] = export.read(run_id=f"run-{number}")

    for name, reads in found.items():
        lines = {
            (row[0], row[1])
            for row in all_staged(reads, columns="order_id, line_number")
        }
        assert {("A", "1"), ("A", "2"), ("B", "1"), ("C", "1"), ("Ü", "3")} <= lines, (
            name
        )
    reasons = {
        name: sorted(row[0] for row in all_staged(reads, "rejects", "reason"))
        for name, reads in found.items()
    }
    assert reasons["too few and too many fields"] == [
        "malformed_line",
        "malformed_line",
    ]
    assert reasons["quotes that swallow lines"] == ["malformed_line"]
    assert reasons["not UTF-8"] == ["bad_encoding"]
    assert reasons["carriage return in a field"] == ["malformed_line"]
    assert reasons["blank lines"] == []


@pytest.mark.parametrize("name", ["orders.csv", "orders.csv.gz", "orders.csv.zst"])
def test_rows_are_numbered_by_the_lines_of_the_file(name: str, export: Export) -> None:
    reads = read(export, name, text(*[line(f"O{number}") for number in range(2, 5000)]))

    rows = all_staged(reads, columns="order_id, row_number, file")

    assert len(rows) == 4998
    assert all(
        order_id == f"O{number}" and file == name for order_id, number, file in rows
    )


def test_a_file_compressed_in_several_pieces_is_read_to_its_end(export: Export) -> None:
    pieces = [text(line("A")).encode(), f"{line('B')}\n".encode()]
    (export.folder / "a.csv.zst").write_bytes(
        b"".join(pa.compress(piece, "zstd", asbytes=True) for piece in pieces)
    )

    assert [row[0] for row in all_staged(export.read(), columns="order_id")] == [
        "A",
        "B",
    ]


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("a.csv", "", "a.csv: it is empty, without even a header"),
        (
            "a.csv",
            "order_id,line_number\n",
            "a.csv: its header lacks ordered_at, updated_at",
        ),
        ("a.csv", f"{HEADER},sku\n", "a.csv: its header has sku more than once"),
        (
            "a.csv",
            b"\xff\xfe\n",
            "a.csv: its first line cannot be read as a CSV header",
        ),
        (
            "a.parquet",
            "no parquet at all",
            "a.parquet: it is not a Parquet file, or it is damaged",
        ),
    ],
)
def test_a_file_that_cannot_be_read_stops_the_export(
    name: str, content: str | bytes, complaint: str, export: Export
) -> None:
    export.put(name, content)

    with pytest.raises(
        ContractError, match=f"^{complaint}.*; nothing of the export was loaded"
    ):
        export.read()

    assert not list(export.staging.rglob("manifest.json"))


@pytest.mark.parametrize("ending", ["gz", "zst"])
def test_compressed_data_that_end_too_early_stop_the_export(
    ending: str, export: Export
) -> None:
    path = export.put(f"a.csv.{ending}", text(*[line(f"O{n}") for n in range(500)]))
    path.write_bytes(path.read_bytes()[:-7])

    with pytest.raises(
        ContractError,
        match=rf"^a.csv.{ending}: its .* data is damaged or ends too early",
    ):
        export.read()


def test_the_day_is_the_shops_and_unusable_instants_have_none(export: Export) -> None:
    instants = {
        "A": ("2024-01-01T04:59:59Z", day("2023-12-31")),
        "B": ("2024-01-01T05:00:00Z", day("2024-01-01")),
        "C": ("2024-07-01 03:59:59.5+00", day("2024-06-30")),
        "D": ("2024-01-01T05:00:00", None),
        "E": ("", None),
        "F": ("1999-12-31T00:00:00Z", None),
        "G": ("2126-01-01T00:00:00Z", None),
    }
    export.put(
        "a.csv",
        text(*[line(order, ordered_at=at) for order, (at, _) in instants.items()]),
    )

    reads = export.read()

    assert dict(all_staged(reads, columns="order_id, day")) == {
        order: expected for order, (_, expected) in instants.items()
    }
    assert facts(reads)["without_day"] == 4


def test_a_file_that_was_replaced_is_read_again(export: Export) -> None:
    for orders in (["A"], ["A", "B"]):
        export.put("a.csv", text(*map(line, orders)))
        assert [
            order for (order,) in all_staged(export.read(), columns="order_id")
        ] == orders


def parquet_file(export: Export, **changes: pa.Array) -> None:
    values = dict(zip(COLUMNS, line("A").split(","), strict=True))
    columns = {name: pa.array([value]) for name, value in values.items()} | changes
    pq.write_table(pa.table(columns), export.folder / "a.parquet")


def test_parquet_is_read_by_name_and_every_value_exactly(export: Export) -> None:
    instant = datetime(2024, 3, 5, 15, 0, 0, 123456, tzinfo=UTC)
    typed = {
        "unit_price": pa.array([Decimal("12345678901234.5670")], pa.decimal128(20, 4)),
        "discount_amount": pa.array([0.1]),
        "line_number": pa.array([7.0]),
        "quantity": pa.array([3], pa.int64()),
        "ordered_at": pa.array([instant], pa.timestamp("us", tz="Europe/Berlin")),
        "customer_email": pa.array([None], pa.string()),
        "unknown": pa.array([b"x"]),
    }
    parquet_file(export, **dict(reversed(typed.items())))

    (row,) = all_staged(
        export.read(),
        columns="unit_price, discount_amount, line_number, quantity, ordered_at, customer_email, "
        "row_number, day",
    )

    assert row == (
        *(
            "12345678901234.5670",
            "0.1",
            "7",
            "3",
            "2024-03-05T15:00:00.123456+00:00",
            None,
        ),
        *(1, day("2024-03-05")),
    )


def test_parquet_as_pandas_writes_it(export: Export) -> None:
    instant = 1_709_650_800_123_456_789
    nanoseconds = pa.array([instant], pa.timestamp("ns", tz="America/New_York"))
    parquet_file(
        export,
        ordered_at=nanoseconds,
        category=pa.nulls(1),
        discount_amount=pa.nulls(1),
    )

    (row,) = all_staged(
        export.read(), columns="ordered_at, category, discount_amount, day"
    )

    assert row == ("2024-03-05 15:00:00.123456789+00", None, None, day("2024-03-05"))


def test_a_name_that_looks_like_a_pattern_is_that_files_name(export: Export) -> None:
    for name in ("orders[1].csv", "orders1.csv"):
        export.put(name, text(line(name)))
    parquet_file(export, order_id=pa.array(["of [2]"]))
    (export.folder / "a.parquet").rename(export.folder / "part[2].parquet")
    parquet_file(export, order_id=pa.array(["of 2"]))
    (export.folder / "a.parquet").rename(export.folder / "part2.parquet")

    assert all_staged(export.read(), columns="order_id, file") == [
        ("of 2", "part2.parquet"),
        ("of [2]", "part[2].parquet"),
        ("orders1.csv", "orders1.csv"),
        ("orders[1].csv", "orders[1].csv"),
    ]


def test_parquet_as_spark_and_hive_write_text(
    export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDER_ATTRIBUTES", "sales_channel")
    parquet_file(
        export,
        product_name=pa.array(["Käse".encode()]),
        sales_channel=pa.array(["Café".encode()]),
    )

    assert all_staged(export.read(), columns="product_name, sales_channel") == [
        ("Käse", "Café")
    ]


@pytest.mark.parametrize(
    ("column", "values", "complaint"),
    [
        (
            "ordered_at",
            pa.array([datetime.fromisoformat("2024-03-05")]),
            "its column ordered_at is TIMESTAMP: a time needs a time zone",
        ),
        (
            "quantity",
            pa.array([[1]]),
            r"its column quantity is BIGINT\[\], which is neither text nor number",
        ),
        (
            "sku",
            pa.array([{"x": 1}]),
            r"its column sku is STRUCT\(.*, which is neither text nor number",
        ),
        ("sku", pa.array([b"\xff"]), "Invalid Input Error: Invalid string encoding"),
    ],
)
def test_parquet_columns_that_cannot_be_read_exactly(
    column: str, values: pa.Array, complaint: str, export: Export
) -> None:
    parquet_file(export, **{column: values})

    with pytest.raises(ContractError, match=f"^a.parquet: {complaint}"):
        export.read()


def test_staged_rows_lie_in_the_order_of_days(export: Export) -> None:
    days = [f"2024-0{1 + number % 9}-05T15:00:00Z" for number in range(100)]
    export.put(
        "a.csv", text(*[line(f"O{n}", ordered_at=at) for n, at in enumerate(days)])
    )
    folder = export.read()[0]["uri"]

    assert staged(folder, columns="count(DISTINCT day)") == [(9,)]
    stored = pq.read_table(folder.removeprefix("file://") + "/lines.parquet")[
        "day"
    ].to_pylist()
    assert stored == sorted(stored)
