"""The records of partner files: none is lost, whatever it holds."""

import gzip
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from ecommerce.core.data_warnings import wording
from ecommerce.sales.transform import transform
from ecommerce.sources import csv_records, delivered_files
from ecommerce.sources.partner_layouts import COLUMNS
from tests.explained import findings, unexplained
from tests.integration.partner_files.drop import (
    HEADER,
    RECEIVED,
    Drop,
    file_of,
    line,
    rows,
)


def test_every_field_comes_as_delivered(drop: Drop) -> None:
    columns = list(reversed(COLUMNS))
    values = {name: f" {name}!" for name in COLUMNS} | {
        "sku": "",
        "product_name": 'a "big"\nmug, red',
    }
    quoted = {
        "product_name": '"a ""big""\nmug, red"',
        "category": '""',
        "country_code": '" X "',
    }
    text = ",".join(quoted.get(name, values[name]) for name in columns)
    drop.put(
        "acme_2026-03-10.csv", f"\ufeff{','.join(columns)}\r\n\r\n{text}\r\n".encode()
    )
    manifest = drop.extract()
    expected = values | {"sku": None, "category": "", "country_code": " X "}
    file = ("acme_2026-03-10.csv", "acme", 3, RECEIVED)
    assert rows(manifest, "lines") == [(*(expected[name] for name in COLUMNS), *file)]
    assert manifest.columns["lines.parquet"] == [
        *COLUMNS,
        "file",
        "partner",
        "row_number",
        "received_at",
    ]
    assert rows(manifest, "rejects") == []


SHAPE = "9999-99-99x99:99:99+99:99,9999-99-99x99:99:99x,xxxxxxxxx,xxx-9"


def test_each_bad_line_is_rejected_with_its_number_and_shape_and_no_other(
    drop: Drop,
) -> None:
    end = "9,99.99,9,9.99,xxx,xxxx@xxxxxxx.xxx,xx"
    bad = {
        3: (
            line("S3") + ",one,more",
            "too many fields",
            f"S3,9,{SHAPE},xxx,xxxx,{end},xxx,xxxx",
        ),
        4: ("short,1,2", "too few fields", "xxxxx,9,9"),
        6: (
            line("Q6", name='"Mug'),
            "a quote that is not closed",
            f'Q6,9,{SHAPE},"xxx,xxxx,{end}',
        ),
        8: (
            line("T8", name='"Mug"s'),
            "text after a closing quote",
            f'T8,9,{SHAPE},"xxx"x,xxxx,{end}',
        ),
        9: (
            line("Ünï").encode("latin-1"),
            "not UTF-8",
            f"\ufffdx\ufffd,9,{SHAPE},xxx,xxxx,{end}",
        ),
    }
    content = []
    for number in range(2, 12):
        text = bad[number][0] if number in bad else line(f"G{number % 10}")
        content.append(text if isinstance(text, bytes) else text.encode())
    drop.put("acme_2026-03-10.csv", HEADER.encode() + b"\n" + b"\n".join(content))
    manifest = drop.extract()
    assert rows(manifest, "lines", "row_number, order_id") == [
        (number, f"G{number % 10}") for number in (2, 5, 7, 10, 11)
    ]
    found = {
        number: row
        for number, *row in rows(manifest, "rejects", "row_number, reason, detail, raw")
    }
    assert set(found) == set(bad)
    for number, (_, detail, shape) in bad.items():
        reason = "bad_encoding" if detail == "not UTF-8" else "malformed_line"
        assert found[number] == [reason, detail, shape]
    assert manifest.rows == 10
    assert rows(manifest, "files", "lines, order_ids")[0][0] == 10


CUT = gzip.compress(file_of(*map(line, "ABC")).encode())[:-12]

DAMAGED = "its gzip data is damaged or ends too early"


@pytest.mark.parametrize(
    ("name", "content", "reason", "detail"),
    [
        (
            "bad_2026-03-10.csv",
            b"",
            "file_unreadable",
            "it is empty, without even a header",
        ),
        (
            "bad_2026-03-10.csv",
            b"\xff\xfe",
            "file_unreadable",
            "its first line cannot be read as a CSV header in UTF-8",
        ),
        (
            *(
                "bad_2026-03-10.csv",
                HEADER.replace(",sku,", ",").replace("updated_at", "changed").encode(),
            ),
            *("missing_column", "its header lacks updated_at, sku"),
        ),
        (
            *("bad_2026-03-10.csv", HEADER.replace(",", ";").encode()),
            "missing_column",
            "its header is separated by the delimiter semicolon; the delimiter has to be a comma",
        ),
        (
            *("bad_2026-03-10.csv", f"{HEADER},sku".encode()),
            *("file_unreadable", "its header has sku more than once"),
        ),
        (
            *(
                "bad_2026-03-10.csv",
                f"{HEADER}{',c' * 40_000}".encode(),
                "file_unreadable",
            ),
            "its first line is longer than 65536 bytes",
        ),
        ("bad_2026-03-10.csv.gz", CUT, "file_unreadable", DAMAGED),
        (
            "bad_2026-03-10.csv.gz",
            file_of(line("A")).encode(),
            "file_unreadable",
            DAMAGED,
        ),
    ],
)
def test_a_broken_file_is_rejected_whole_and_tried_again(
    drop: Drop, name: str, content: bytes, reason: str, detail: str
) -> None:
    drop.put(name, content)
    drop.put("good_2026-03-10.csv", file_of(line("G")))
    recipe = "docs/RECIPES.md, A partner with another layout"
    layout = f"; include/partners/bad.yaml describes another layout ({recipe})"
    shown = f"{detail}{layout if reason == 'missing_column' else ''}"
    for _ in range(2):
        manifest = drop.extract()
        assert rows(manifest, "rejects") == [(0, reason, detail, name, None)]
        assert findings(manifest.control_totals["warnings"]) == [
            f"{name} was not loaded: {shown}"
        ]
        assert unexplained(manifest.control_totals["warnings"]) == []
        assert "bad" not in {
            partner for _, partner in rows(manifest, "files", "file, partner")
        }
        assert manifest.control_totals["missing_deliveries"] == [], (
            "its first file was not due"
        )
        drop.load(manifest)
    assert [name for (name,) in rows(manifest, "files", "file")] == []
    drop.put(name, file_of(line("B")))
    loaded = drop.extract()
    assert rows(loaded, "lines", "order_id") == [("B",)]

    drop.load(loaded)
    drop.put(name, content)
    again = drop.extract().control_totals
    assert again["missing_deliveries"] == [], "what was loaded before stands"
    (warning,) = again["warnings"]
    assert wording(warning).found == f"a new version of {name} was not loaded: {shown}"
    assert (
        wording(warning).meaning == "the figures are those of the version loaded before"
    )


def test_a_header_alone_is_a_day_without_orders(drop: Drop) -> None:
    drop.put("acme_2026-03-10.csv", HEADER)
    manifest = drop.extract()
    assert rows(manifest, "files", "file, lines, order_ids") == [
        ("acme_2026-03-10.csv", 0, [])
    ]
    assert (manifest.rows, Decimal(manifest.control_totals["source_amount"])) == (0, 0)


def test_more_columns_are_said_and_not_read(drop: Drop) -> None:
    drop.put(
        "acme_2026-03-10.csv", f"note,{HEADER},record_number\nhello,{line('A')},77\n"
    )
    manifest = drop.extract()
    assert rows(manifest, "lines", "order_id, row_number") == [("A", 2)]
    assert findings(manifest.control_totals["warnings"]) == [
        "acme_2026-03-10.csv has columns that are not read: note, record_number"
    ]
    assert unexplained(manifest.control_totals["warnings"]) == []


def test_blanks_before_quotes_swallow_nothing(drop: Drop) -> None:
    padded = [
        line("A", name='  "Mug, blue"'),
        line("B", name='   ","'),
        "   " + line('"C"'),
    ]
    drop.put("acme_2026-03-10.csv", file_of(*padded, line("D")))
    manifest = drop.extract()
    assert rows(manifest, "lines", "order_id, product_name") == [
        ("A", "Mug, blue"),
        ("B", ","),
        ("C", "Mug"),
        ("D", "Mug"),
    ]
    assert rows(manifest, "rejects") == []


def test_a_file_of_which_not_every_record_comes_out_is_rejected_whole(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        csv_records,
        "_is_usual",
        lambda text, starts, *_: np.ones(len(starts) - 1, bool),
    )
    drop.put(
        "acme_2026-03-10.csv",
        file_of(line("A"), line("B", name='"Mug'), line("C"), line("D")),
    )
    drop.put("good_2026-03-10.csv", file_of(line("G")))
    manifest = drop.extract()
    assert rows(manifest, "lines", "order_id") == [("G",)]
    ((number, reason, detail),) = rows(
        manifest, "rejects", "row_number, reason, detail"
    )
    assert (number, reason, detail) == (
        0,
        "file_unreadable",
        "some of its records were lost",
    )
    assert rows(manifest, "files", "file") == [("good_2026-03-10.csv",)]


def test_columns_without_a_name_or_with_one_twice_are_more_columns_like_others(
    drop: Drop,
) -> None:
    drop.put(
        "acme_2026-03-10.csv", f"note,{HEADER},note,,\nhello,{line('A')},world,,\n"
    )
    manifest = drop.extract()
    assert rows(manifest, "lines", "order_id, row_number") == [("A", 2)]
    assert findings(manifest.control_totals["warnings"]) == [
        "acme_2026-03-10.csv has columns that are not read: note, (no name)"
    ]


ADDRESSED = f"customer_name,street,phone,{HEADER}"
JANE = 'Jané Doe,"Bäckerstraße 5; 3rd floor",+49 151 2345678'


def test_of_a_malformed_line_only_its_shape_and_order_leave_the_file(
    drop: Drop, caplog
) -> None:
    name = "acme_2026-03-10.csv"
    former = file_of(line("KEPT"), line("A-100"))
    drop.put(name, former)
    drop.load(drop.extract())
    unquoted = JANE.replace('"', "").replace(";", ",")
    content = [
        ADDRESSED,
        f"{JANE},{line('A-101')}",
        f"{unquoted},{line('A-102')}",
        f"{JANE},{line('A-103')},more",
        f"{JANE},{line('KEPT')},more",
        "10115 Berlin,Jané Doe,+49 151 2345678",
        "Jané Doe,Bäckerstraße 5,Berlin,A-1040,1",
    ]
    drop.put(name, "\n".join(content), received=datetime(2026, 3, 12, tzinfo=UTC))
    manifest = drop.extract()

    shape = 'xxxx xxx,"xxxxxxxxxxxx 9; 9xx xxxxx",+99 999 9999999'
    order = f"9,{SHAPE},xxx,xxxx,9,99.99,9,9.99,xxx,xxxx@xxxxxxx.xxx,xx"
    assert rows(manifest, "rejects", "row_number, raw") == [
        (3, f"xxxx xxx,xxxxxxxxxxxx 9, 9xx xxxxx,+99 999 9999999,x-999,{order}"),
        (4, f"{shape},A-103,{order},xxxx"),
        (5, f"{shape},KEPT,{order},xxxx"),
        (6, "99999 xxxxxx,xxxx xxx,+99 999 9999999"),
        (7, "xxxx xxx,xxxxxxxxxxxx 9,xxxxxx,x-9999,9"),
    ]
    assert rows(manifest, "files", "lines, order_ids") == [
        (6, ["A-101", "A-103", "KEPT"])
    ]
    assert rows(manifest, "removed_orders", "order_id") == [("A-100",)]
    kept = [raw for (raw,) in rows(manifest, "rejects", "raw")]
    loaded = transform(manifest, run_id="run")
    assert rows(loaded, "rejected_rows", "raw") == [
        (raw.replace("xxxx@xxxxxxx.xxx", "<e-mail>"),) for raw in sorted(kept)
    ]
    written = (
        f"{caplog.text} {rows(loaded, 'rejected_rows')} {rows(loaded, 'loaded_files')}"
    )
    assert [
        text
        for text in ("Jan", "cker", "Berlin", "2345678", "10115")
        if text in written
    ] == []


def test_control_totals_are_the_files_own(drop: Drop) -> None:
    drop.put(
        "acme_2026-03-10.csv",
        file_of(
            line("A"),
            line("A", 2, quantity="3"),
            line("B", quantity="many"),
            line("C") + ",broken",
        ),
    )
    totals = drop.extract().control_totals
    assert totals == {
        "source_orders": 2,
        "source_lines": 3,
        "source_amount": "52.5000",
        "source_amounts": [
            {"file": "acme_2026-03-10.csv", "currency": "EUR", "amount": "52.5000"}
        ],
        "warnings": [],
        "missing_deliveries": [],
        "known_deliveries": [],
    }


def test_control_totals_by_currency_leave_nothing_unexplained(drop: Drop) -> None:
    """Yen and euros, an order that another file has in a newer version, and lines that are rejected."""
    newer = line("A", quantity="5").replace("09:00:00Z", "10:00:00Z")
    drop.put(
        "acme_2026-03-09.csv",
        file_of(line("A"), line("B"), line("Y").replace("EUR", "jpy")),
    )
    drop.put(
        "acme_2026-03-10.csv",
        file_of(
            *(
                newer,
                line("C", quantity="0"),
                line("D", 1, quantity="-3"),
                line("E", quantity="many"),
            ),
            *(line("F").replace("EUR", "jane@example.com"), line("G") + ",broken"),
            *(
                line("H"),
                line("H").replace(",0,", ",1,"),
                line("Y2", quantity="1").replace("EUR", "JPY"),
            ),
        ),
    )
    manifest = transform(drop.extract(), run_id="run")
    names = "currency, source_amount, loaded_amount, superseded_amount, rejected_amount"
    assert rows(manifest, "control_totals", f"file, {names}") == [
        (
            "acme_2026-03-09.csv",
            "EUR",
            Decimal(42),
            Decimal(21),
            Decimal(21),
            Decimal(0),
        ),
        (
            "acme_2026-03-09.csv",
            "JPY",
            Decimal(21),
            Decimal(21),
            Decimal(0),
            Decimal(0),
        ),
        ("acme_2026-03-10.csv", "", Decimal(21), Decimal(0), Decimal(0), Decimal(21)),
        # 52.50 of A, -31.50 of D, and 21.00 twice of H, whose line contradicts itself.
        (
            "acme_2026-03-10.csv",
            "EUR",
            Decimal(63),
            Decimal("73.5"),
            Decimal(0),
            Decimal("-10.5"),
        ),
        (
            "acme_2026-03-10.csv",
            "JPY",
            Decimal("10.5"),
            Decimal("10.5"),
            Decimal(0),
            Decimal(0),
        ),
    ]


def test_large_amounts_are_summed_up_and_those_beyond_all_reason_left_out(
    drop: Drop,
) -> None:
    rupiah = line("A").replace("10.50", "5000000000")
    absurd = line("A\t", 2, quantity="99999999999999")
    drop.put("acme_2026-03-10.csv", file_of(rupiah, absurd))
    totals = drop.extract().control_totals
    assert (totals["source_orders"], Decimal(totals["source_amount"])) == (
        1,
        10_000_000_000,
    )


def test_many_lines_inside_an_open_quote_are_rejected_or_the_file_is(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop.put("acme_2026-03-10.csv", file_of('A,1,"' + "text\n" * 20_000))
    manifest = drop.extract()
    assert rows(manifest, "files", "lines") == [(20_000,)]
    details = [detail for (detail,) in rows(manifest, "rejects", "detail")]
    assert sorted(details) == [
        "a quote that is not closed",
        *["too few fields"] * 19_999,
    ]
    monkeypatch.setattr(delivered_files, "MOST_MALFORMED", 19_999)
    assert rows(drop.extract(), "rejects", "reason, detail") == [
        ("file_unreadable", "more than 19,999 of its lines are malformed")
    ]
