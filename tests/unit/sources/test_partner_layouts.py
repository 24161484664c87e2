"""Layouts of partners: what a file of include/partners/ may have, and what its values become."""

import io
from datetime import UTC, datetime

import pytest

from ecommerce.core.errors import ConfigurationError
from ecommerce.core.paths import read_sql
from ecommerce.sources import partner_layouts
from ecommerce.sources.delivered_files import read_csv
from ecommerce.sources.partner_layouts import COLUMNS, STANDARD, Layout
from ecommerce.storage.duckdb import connect_duckdb, define_values


@pytest.fixture(autouse=True)
def _settings(monkeypatch):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "a hash key that only tests use")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(partner_layouts, "FOLDER", tmp_path)
    return tmp_path


def test_a_file_is_a_partners_layout(folder):
    assert partner_layouts.partner_layouts() == {}
    (folder / "globex.eu.yaml").write_text(
        "encoding: Latin-1\ncolumns: {Preis: unit_price, Tag: [ordered_at, updated_at]}\n"
        "constants: {country_code: NO, tax_amount: 0}\n"
    )
    (folder / "empty.yaml").write_text("# nothing yet\n")
    layouts = partner_layouts.partner_layouts()
    assert layouts["empty"] == STANDARD
    layout = layouts["globex.eu"]
    assert layout.encoding == "iso8859-1"
    assert layout.constants == {"country_code": "NO", "tax_amount": "0"}, (
        "texts, as in a CSV file"
    )
    columns = layout.file_columns()
    assert (columns["unit_price"], columns["sku"]) == ("Preis", "sku")
    assert columns["ordered_at"] == columns["updated_at"] == "Tag"
    assert "tax_amount" not in columns


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("delimiter: [", "is not valid YAML: "),
        ("delimeter: ';'", "delimeter: Extra inputs are not permitted"),
        (
            "encoding: klingon",
            "encoding: must be an encoding that Python knows, such as latin-1",
        ),
        ("date_format: '%Q'", "date_format: must be a date format such as"),
        ("date_format: '%d.%m.%Y %z'", "date_format: must have no offset"),
        ("timezone: Berlin", "timezone: invalid timezone: Berlin"),
        ("columns: {Preis: price}", "price must be one of order_id, "),
        (
            "columns: {Preis: unit_price, Netto: unit_price}",
            "unit_price is set more than once",
        ),
        (
            "columns: {Preis: unit_price}\nconstants: {unit_price: 1}",
            "unit_price is set more than once",
        ),
        (
            "constants: {order_id: 1}",
            "constants: order_id must be a column of the file",
        ),
        (
            "constants: {line_number: 1}",
            "constants: line_number must be a column of the file",
        ),
    ],
)
def test_what_cannot_be_used_is_named(folder, text, problem):
    (folder / "globex.yaml").write_text(text)
    with pytest.raises(ConfigurationError) as refused:
        partner_layouts.partner_layouts()
    assert str(refused.value).startswith("include/partners/globex.yaml")
    assert problem in str(refused.value)


def read(tmp_path, layout, content):
    """(lines, rejects) of a file with the bytes `content`."""
    facts = {
        "file": "globex.csv",
        "partner": "globex",
        "received_at": datetime(2026, 11, 20, tzinfo=UTC),
    }
    with connect_duckdb() as duck:
        define_values(duck, "a hash key that only tests use")
        duck.execute(read_sql("extract/create_rejects.sql"))
        target = tmp_path / "lines.parquet"
        stream = io.BytesIO(content)
        read_csv(duck, stream, target, facts, layout)
        lines = duck.from_parquet(str(target))
        rows = [dict(zip(lines.columns, row, strict=True)) for row in lines.fetchall()]
        return rows, duck.execute(
            "SELECT row_number, reason, detail, raw FROM rejects ORDER BY 1"
        ).fetchall()


PRICE = ["unit_price", "line_number"]
"""Columns that the second column of the files is read for."""
ONE_COLUMN = {
    "columns": {"unit_price": PRICE},
    "constants": dict.fromkeys(
        [name for name in COLUMNS if name not in ("order_id", *PRICE)], ""
    ),
}


NUMBERS = {
    "12,50": "12.50",
    "-1.234.567,5": "-1234567.5",
    "1.500": "1500",
    " 7 ": "7",
    "": None,
    "12.50": "12.50 (not a number with a decimal comma)",
    "1,234.50": "1,234.50 (not a number with a decimal comma)",
}
INSTANTS = {
    "10.03.2026 08:00": "2026-03-10T07:00:00.000000Z",
    "25.10.2026 02:30": "2026-10-25T01:30:00.000000Z",
    "31.02.2026 08:00": "31.02.2026 08:00 (does not match %d.%m.%Y %H:%M)",
    "": None,
}


@pytest.mark.parametrize("timezone", ["Europe/Berlin", None])
def test_decimal_commas_and_local_times_are_converted(tmp_path, monkeypatch, timezone):
    monkeypatch.setenv("SHOP_TIMEZONE", "Europe/Paris")
    layout = Layout(delimiter=";", decimal_comma=True, **ONE_COLUMN)
    text = "order_id;unit_price\n" + "".join(f"O1;{value}\n" for value in NUMBERS)
    lines, _ = read(tmp_path, layout, text.encode())
    assert [line["unit_price"] for line in lines] == list(NUMBERS.values())
    layout = Layout(
        date_format="%d.%m.%Y %H:%M",
        timezone=timezone,
        columns={"Tag": ["ordered_at", "updated_at", "line_number"]},
        constants=dict.fromkeys(
            set(COLUMNS) - {"order_id", "ordered_at", "updated_at", "line_number"}, ""
        ),
    )
    text = "order_id,Tag\n" + "".join(f"O1,{value}\n" for value in INSTANTS)
    lines, _ = read(tmp_path, layout, text.encode())
    for column in ("ordered_at", "updated_at"):
        assert [line[column] for line in lines] == list(INSTANTS.values())


STATUS = ONE_COLUMN["constants"] | {"status": 'it\'s; "done"'}
READ = [
    (
        {"encoding": "latin-1"},
        "order_id,unit_price\nO1,Größe\n".encode("latin-1"),
        {"unit_price": "Größe"},
    ),
    (
        {"encoding": "cp1252", "delimiter": "|", "columns": {"Stück": PRICE}},
        'order_id|Stück\nO1|"Größe | 5\nrot"\n'.encode("cp1252"),
        {"unit_price": "Größe | 5\nrot"},
    ),
    (
        {"encoding": "utf-16", "columns": {"Stück": PRICE}},
        "order_id,Stück\nO1,5\n".encode("utf-16"),
        {"unit_price": "5"},
    ),
    # A column that only has the name of ours is not read.
    (
        {"columns": {"Bestellung": "order_id", "unit_price": PRICE}},
        b"order_id,Bestellung,unit_price\ninternal,O1,5\n",
        {"order_id": "O1"},
    ),
    (
        {"columns": {"Kampagne": "utm", "unit_price": PRICE}},
        b"order_id,Kampagne,unit_price\nO1,spring,5\n",
        {"utm": "spring"},
    ),
    (
        {"constants": STATUS},
        b"order_id,unit_price\nO1,5\n",
        {"status": STATUS["status"]},
    ),
]


@pytest.mark.parametrize(("fields", "content", "expected"), READ)
def test_a_file_is_read_in_its_layout(tmp_path, monkeypatch, fields, content, expected):
    monkeypatch.setenv("ORDER_ATTRIBUTES", "utm")
    layout = Layout(**ONE_COLUMN | fields)
    [line], rejects = read(tmp_path, layout, content)
    assert {name: line[name] for name in expected} == expected
    assert (line["order_id"], rejects) == ("O1", [])


def test_a_byte_that_the_encoding_lacks_rejects_its_line_alone(tmp_path):
    layout = Layout(encoding="cp1252", **ONE_COLUMN)
    content = b"order_id,unit_price\nO1,\x80\nO2\x81,6\nO3,7\n"
    lines, rejects = read(tmp_path, layout, content)
    prices = {line["order_id"]: line["unit_price"] for line in lines}
    assert prices == {"O1": "€", "O3": "7"}
    assert [reject[:2] for reject in rejects] == [(3, "bad_encoding")]
