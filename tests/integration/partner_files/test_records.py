"""The records of partner files: none is lost, whatever it holds."""

from datetime import UTC, datetime

from ecommerce.sources.partner_layouts import COLUMNS
from tests.integration.partner_files.drop import (
    HEADER,
    RECEIVED,
    file_of,
    line,
    rows,
)

FILE = "acme_2026-03-10.csv"


def test_every_field_comes_as_delivered(drop):
    columns = list(reversed(COLUMNS))
    values = {name: f" {name}!" for name in COLUMNS}
    written = values | {
        "sku": "",
        "product_name": '"a ""big""\nmug, red"',
        "category": '""',
        "country_code": '" X "',
    }
    header = ",".join(columns)
    record = ",".join(written[name] for name in columns)
    drop.put(FILE, f"\ufeff{header}\r\n\r\n{record}\r\n".encode())
    manifest = drop.extract()
    read = values | {
        "sku": None,
        "product_name": 'a "big"\nmug, red',
        "category": "",
        "country_code": " X ",
    }
    expected = [read[name] for name in COLUMNS]
    assert rows(manifest, "lines") == [(*expected, None, FILE, "acme", 3, RECEIVED)]
    assert manifest.columns["lines.parquet"] == [
        *COLUMNS,
        "unit_cost",
        "file",
        "partner",
        "row_number",
        "received_at",
    ]
    assert rows(manifest, "rejects") == []


NOT_TEXT = "bytes that are not in the file's encoding"
INSTANTS = "9999-99-99x99:99:99+99:99,9999-99-99x99:99:99x"
SHAPE = f"{INSTANTS},xxxxxxxxx,xxx-9"
END = "9,99.99,9,9.99,xxx,xxxx@xxxxxxx.xxx,xx"
BAD = {
    3: (
        line("S3") + ",one,more",
        "too many fields",
        f"S3,9,{SHAPE},xxx,xxxx,{END},xxx,xxxx",
    ),
    4: ("short,1,2", "too few fields", "xxxxx,9,9"),
    6: (
        line("Q6", name='"Mug'),
        "a quote that is not closed",
        f'Q6,9,{SHAPE},"xxx,xxxx,{END}',
    ),
    8: (
        line("T8", name='"Mug"s'),
        "text after a closing quote",
        f'T8,9,{SHAPE},"xxx"x,xxxx,{END}',
    ),
    9: (line("Ünï"), NOT_TEXT, f"\ufffdx\ufffd,9,{SHAPE},xxx,xxxx,{END}"),
}
"""By line: the text, the detail, the shape that is kept."""


def test_each_bad_line_is_rejected_with_its_number_and_shape_and_no_other(drop):
    content = [HEADER.encode()]
    for number in range(2, 12):
        text = BAD[number][0] if number in BAD else line(f"G{number % 10}")
        content.append(text.encode("latin-1"))
    drop.put(FILE, b"\n".join(content))
    manifest = drop.extract()
    good = [(number, f"G{number % 10}") for number in (2, 5, 7, 10, 11)]
    assert rows(manifest, "lines", "row_number, order_id") == good
    expected = []
    for number, (_, detail, shape) in BAD.items():
        reason = "bad_encoding" if detail == NOT_TEXT else "malformed_line"
        expected.append((number, reason, detail, shape))
    assert rows(manifest, "rejects", "row_number, reason, detail, raw") == expected
    assert manifest.rows == 10
    assert rows(manifest, "files", "lines") == [(10,)]


JANE = 'Jané Doe,"Bäckerstraße 5; 3rd floor",+49 151 2345678'


def test_of_a_malformed_line_only_its_shape_and_order_leave_the_file(drop, caplog):
    drop.deliver(FILE, "KEPT", "A-100")
    drop.extract_and_load()
    unquoted = JANE.replace('"', "").replace(";", ",")
    content = [
        f"customer_name,street,phone,{HEADER}",
        f"{JANE},{line('A-101')}",
        f"{unquoted},{line('A-102')}",
        f"{JANE},{line('A-103')},more",
        f"{JANE},{line('KEPT')},more",
        "10115 Berlin,Jané Doe,+49 151 2345678",
        "Jané Doe,Bäckerstraße 5,Berlin,A-1040,1",
        "Bäckerstraße 5,Berlin,+49,Jane,1",  # a name, though shaped as an id
    ]
    drop.put(
        FILE,
        "\n".join(content),
        received=datetime(2026, 3, 12, tzinfo=UTC),
    )
    manifest = drop.extract()

    street = 'xxxx xxx,"xxxxxxxxxxxx 9; 9xx xxxxx",+99 999 9999999'
    order = f"9,{SHAPE},xxx,xxxx,{END}"
    shapes = [
        (3, f"xxxx xxx,xxxxxxxxxxxx 9, 9xx xxxxx,+99 999 9999999,x-999,{order}"),
        (4, f"{street},A-103,{order},xxxx"),
        (5, f"{street},KEPT,{order},xxxx"),
        (6, "99999 xxxxxx,xxxx xxx,+99 999 9999999"),
        (7, "xxxx xxx,xxxxxxxxxxxx 9,xxxxxx,x-9999,9"),
        (8, "xxxxxxxxxxxx 9,xxxxxx,+99,xxxx,9"),
    ]
    assert rows(manifest, "rejects", "row_number, raw") == shapes
    known = ["A-101", "A-103", "KEPT"]
    assert rows(manifest, "files", "lines, order_ids") == [(7, known)]
    assert rows(manifest, "removed_orders", "order_id") == [("A-100",)]
    written = f"{caplog.text} {rows(manifest, 'rejects')} {rows(manifest, 'files')}"
    for text in ("Jan", "cker", "Berlin", "2345678", "10115", "jane"):
        assert text not in written


def test_control_totals_are_the_files_own(drop):
    """Absurd amounts and lines that cannot be read are in none."""
    lines = [
        line("A"),
        line("A", 2, quantity="3"),
        line("B", quantity="many"),
        line("C") + ",broken",
        line("R").replace("10.50", "5000000000"),
        line("R", 2, quantity="99999999999999"),
        line("R", 3, quantity="9999999").replace("10.50", "9999999999"),
        line('""', quantity="0"),
    ]
    drop.put(FILE, file_of(*lines))
    amount = "10000000052.5000"
    assert drop.extract().control_totals == {
        "source_orders": 3,
        "source_lines": 7,
        "source_amount": amount,
        "source_amounts": [{"file": FILE, "currency": "EUR", "amount": amount}],
        "warnings": [],
        "missing_deliveries": [],
        "known_deliveries": [],
    }
