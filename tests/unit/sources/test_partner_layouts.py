"""Layouts of partners: what a file of include/partners/ may have, and what its values become."""

import pytest

from ecommerce.sources import partner_layouts
from ecommerce.sources.partner_layouts import COLUMNS, STANDARD, Layout


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
    (folder / "Empty.yml").write_text("# nothing yet\n")
    layouts = partner_layouts.partner_layouts()
    assert layouts["empty"] == STANDARD
    layout = layouts["globex.eu"]
    assert layout.encoding == "cp1252"
    assert layout.constants == {"country_code": "NO", "tax_amount": "0"}, (
        "texts, as in a CSV file"
    )
    columns = layout.file_columns(COLUMNS)
    assert columns["unit_price"] == ["Preis"]
    assert columns["sku"] == ["sku"]
    assert columns["ordered_at"] == columns["updated_at"] == ["Tag"]
    assert "tax_amount" not in columns


SHIPPED = """
delimiter: ";"
columns: {Nr: order_id, Datum: [ordered_at, updated_at], Preis: unit_price}
joined: {product_name: [Marke, Titel]}
constants: {status: completed, currency: EUR}
values: {status: {Neu: pending, Weg: shipped}}
fill_down: [status]
"""
OWN = """
extends: agora
columns: {Währung: currency, Geändert: updated_at, Name: product_name, Preis: line_amount}
constants: {status: shipped, category: Küche}
values: {status: {Weg: delivered}, sku: {X: Y}}
fill_down: [currency]
"""


def test_a_layout_extends_a_shipped_one(folder, monkeypatch):
    """Mappings are merged; a column of ours is set by the partner or by the shipped layout, not by both."""
    monkeypatch.setattr(partner_layouts, "SHIPPED", folder / "layouts")
    (folder / "layouts").mkdir()
    (folder / "layouts" / "agora.yaml").write_text(SHIPPED)
    (folder / "globex.yaml").write_text(OWN)
    layout = partner_layouts.partner_layouts()["globex"]
    assert layout.problem is None
    assert layout.delimiter == ";"
    assert layout.columns == {
        "Nr": ("order_id",),
        "Datum": ("ordered_at",),
        "Preis": ("line_amount",),
        "Währung": ("currency",),
        "Geändert": ("updated_at",),
        "Name": ("product_name",),
    }
    assert layout.joined == {}
    assert layout.constants == {"status": "shipped", "category": "Küche"}
    assert layout.values == {
        "status": {"Neu": "pending", "Weg": "delivered"},
        "sku": {"X": "Y"},
    }
    assert layout.fill_down == ("currency",)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("delimiter: [", "is not valid YAML: "),
        ("- a", "is not valid YAML: it has no keys"),
        (
            "delimeter: ';'",
            "line 1: delimeter: no key of a layout; the keys are delimiter, ",
        ),
        (
            "encoding: klingon",
            "encoding: must be an encoding that Python knows, such as latin-1",
        ),
        (
            "encoding: hex",
            "encoding: must be an encoding that Python knows, such as latin-1",
        ),
        ("date_format: '%Q'", "date_format: must be a date format such as"),
        (
            "date_format: ['%d.%m.%Y', '%Q']",
            "date_format: must be a date format such as",
        ),
        (
            "date_format: ['%m/%d/%y', '%d.%m.%Y', '%d/%m/%y']",
            "date_format: %m/%d/%y and %d/%m/%y read one text as different days",
        ),
        ("country_names: [de, xx]", "country_names: must be a language such as de"),
        ("month_names: [Jan, Feb]", "month_names: must be twelve names"),
        ("negated: [discount]", "discount must be one of order_id, "),
        ("quoting: some", "quoting: Input should be 'standard' or 'none'"),
        ("extends: nobody", "extends: there is no nobody.yaml"),
        (
            "delimiter: ';'\ncolumns:\n  Tag: ordered_at\n  Preis: price\n",
            "globex.yaml line 4: columns: Preis: price must be one of order_id, ",
        ),
        (
            "columns: {Datum: ordered_at}\njoined: {ordered_at: [Datum, Uhrzeit]}",
            "ordered_at is set more than once",
        ),
        (
            "joined: {unit_price: [Soll, Haben]}",
            "globex.yaml line 1: joined: unit_price: unit_price must be one column of the file",
        ),
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
            "order_id must be a column of the file",
        ),
        (
            "constants: {line_number: 1}",
            "line_number must be a column of the file",
        ),
    ],
)
def test_what_cannot_be_used_is_named(folder, text, problem):
    (folder / "globex.yaml").write_text(text)
    (folder / "acme.yaml").write_text("delimiter: ';'")
    layouts = partner_layouts.partner_layouts()
    found = layouts["globex"].problem
    assert found.startswith("include/partners/globex.yaml")
    assert problem in found
    assert layouts["acme"].problem is None


PRICE = ["unit_price", "line_number"]
"""Columns that the second column of the files is read for."""


def layout_of(second=PRICE, **fields):
    """A layout of files with two columns, `order_id` and that of `second`."""
    absent = set(COLUMNS) - {"order_id", *second}
    columns = {"Wert": list(second)}
    constants = dict.fromkeys(absent, "")
    return Layout(**{"columns": columns, "constants": constants, **fields})


@pytest.mark.parametrize("timezone", ["Europe/Berlin", None])
@pytest.mark.parametrize(
    ("delivered", "instant"),
    [
        ("10.03.2026 08:00", "2026-03-10T07:00:00.000000Z"),
        ("25.10.2026 02:30", "2026-10-25T01:30:00.000000Z"),
        ("31.02.2026 08:00", "31.02.2026 08:00 (does not match %d.%m.%Y %H:%M)"),
        ("", None),
    ],
)
def test_local_times_are_converted(
    read_file, monkeypatch, timezone, delivered, instant
):
    monkeypatch.setenv("SHOP_TIMEZONE", "Europe/Paris")
    columns = ("ordered_at", "updated_at", "line_number")
    layout = layout_of(columns, date_format="%d.%m.%Y %H:%M", timezone=timezone)
    [line], _, _ = read_file(f"order_id,Wert\nO1,{delivered}\n".encode(), layout)
    assert line["ordered_at"] == line["updated_at"] == instant


@pytest.mark.parametrize(
    ("text", "fields", "price"),
    [
        ("order_id,Wert\nO1,Größe\n", {"encoding": "latin-1"}, "Größe"),
        (
            'order_id|Wert\nO1|"Größe | 5\nrot"\n',
            {"encoding": "cp1252", "delimiter": "|"},
            "Größe | 5\nrot",
        ),
        ("order_id,Wert\nO1,5\n", {"encoding": "utf-16"}, "5"),
        # A column that only has the name of ours is not read.
        (
            "order_id,Bestellung,Wert\ninternal,O1,5\n",
            {"columns": {"Bestellung": "order_id", "Wert": PRICE}},
            "5",
        ),
    ],
)
def test_a_file_is_read_in_its_layout(read_file, text, fields, price):
    layout = layout_of(**fields)
    [line], rejects, _ = read_file(text.encode(layout.encoding), layout)
    assert line["order_id"] == "O1"
    assert line["unit_price"] == price
    assert rejects == []


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "UTF-8-sig"])
def test_a_byte_order_mark_of_utf_8_is_right(read_file, encoding):
    content = "\ufefforder_id,Wert\nO1,Größe\n".encode()
    [line], _, warnings = read_file(content, layout_of(encoding=encoding))
    assert line["unit_price"] == "Größe"
    assert warnings == []


def test_attributes_and_constants_are_part_of_a_layout(read_file, monkeypatch):
    monkeypatch.setenv("ORDER_ATTRIBUTES", "utm")
    usual = layout_of()
    columns = {"Kampagne": "utm", **usual.columns}
    constants = usual.constants | {"status": 'it\'s; "done"'}
    layout = layout_of(columns=columns, constants=constants)
    [line], _, _ = read_file(b"order_id,Kampagne,Wert\nO1,spring,5\n", layout)
    assert line["utm"] == "spring"
    assert line["status"] == 'it\'s; "done"'


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "ISO-8859-9"])
def test_a_byte_that_the_encoding_lacks_rejects_its_line_alone(read_file, encoding):
    content = b"order_id,Wert\nO1,\x80\nO2\x81,6\nO3,7\n"
    lines, rejects, _ = read_file(content, layout_of(encoding=encoding))
    prices = {line["order_id"]: line["unit_price"] for line in lines}
    assert prices == {"O1": "€", "O3": "7"}
    assert rejects == [(3, "bad_encoding")]
