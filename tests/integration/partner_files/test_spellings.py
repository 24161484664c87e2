"""Ids, SKUs, amounts and texts as spreadsheets and copied cells spell them, from a file to what is loaded."""

import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from ecommerce.core.data_warnings import sentence
from ecommerce.sales.transform import transform
from ecommerce.sources import partner_layouts
from ecommerce.sources.partner_layouts import Utf8Stream
from tests.integration.partner_files.drop import (
    RECEIVED,
    file_of,
    line,
    rows,
)

FILE = "acme_2026-03-10.csv"
NEXT = "acme_2026-03-11.csv"
LATER = RECEIVED + timedelta(hours=1)


@pytest.fixture(autouse=True)
def layouts(tmp_path, monkeypatch):
    folder = tmp_path / "partners"
    folder.mkdir()
    monkeypatch.setattr(partner_layouts, "FOLDER", folder)
    return folder


def warned(manifest):
    """What the warnings of a folder found, by kind."""
    found = {}
    for warning in manifest.control_totals["warnings"]:
        found[warning["kind"]] = sentence(warning)
    return found


def with_sku(order_id, sku, name="Mug"):
    return line(order_id, name=name).replace("SKU-1", sku)


def test_what_cannot_be_seen_makes_no_second_order(drop):
    """Of each order there are two lines, equal but for the spelling of the id."""
    spellings = ["A1\u00a0", "\u200bA2", "\ufeff\ufeffA3", '"=""A4"""', "'A5", "A6\t"]
    lines = [line(f"A{number}") for number in range(1, 7)]
    lines += [line(spelling) for spelling in spellings]
    lines.append(line("A7", quantity="3\u00a0"))
    drop.put(FILE, file_of(*lines))
    raw = drop.extract()
    known = [f"A{number}" for number in range(1, 8)]
    assert rows(raw, "files", "order_ids") == [(known,)]
    assert raw.control_totals["source_orders"] == 7
    # 12 lines of 21.00, and one of 31.50.
    assert raw.control_totals["source_amount"] == "283.5000"
    manifest = transform(raw, run_id="run")
    totals = manifest.control_totals
    assert (totals["orders"], totals["rows_superseded"]) == (7, 6)
    assert Decimal(totals["amount"]) == Decimal("157.5")
    columns = "source_amount, loaded_amount, superseded_amount, rejected_amount"
    [(source, *parts)] = rows(manifest, "control_totals", columns)
    assert sum(parts) == source == Decimal("283.5")


def test_ids_that_people_can_tell_apart_stay_and_a_spreadsheets_spelling_is_a_warning(
    drop,
):
    drop.put(FILE, file_of(line("1001"), line("01001"), line("A-1"), line("A-01")))
    raw = drop.extract()
    assert rows(raw, "files", "order_ids") == [(["01001", "1001", "A-01", "A-1"],)]
    assert "01001 and 1001" in warned(raw)["order_id_spellings"]
    assert transform(raw, run_id="run").control_totals["orders"] == 4


def test_a_spelling_of_an_id_of_an_earlier_file_is_a_warning_that_is_stored(drop):
    drop.put(FILE, file_of(line("1001"), line("1003")))
    drop.load(drop.extract())
    (drop.drop / FILE).unlink()
    drop.put(NEXT, file_of(line("1001.0"), line("1002")))
    drop.put("globex_2026-03-11.csv", file_of(line("1003.0")))
    day = datetime(2026, 3, 11, tzinfo=UTC).date()
    raw = drop.extract(day)
    found = warned(raw)["order_id_spellings"]
    assert found.startswith(f"{NEXT}: 1 order id has another order's number")
    assert "1001.0 and 1001" in found
    kinds = rows(raw, "files", "file, warnings[1] ->> 'kind'")
    assert kinds == [(NEXT, "order_id_spellings"), ("globex_2026-03-11.csv", None)]


def test_an_order_that_is_stored_under_another_spelling_is_replaced(drop):
    """Whichever file has it now; the old spelling is removed."""
    drop.put(FILE, file_of(line("A1"), line("A2")))
    drop.load(drop.extract())
    drop.loaded[FILE].order_ids[:] = ["A1\u00a0", "A2"]
    drop.put(NEXT, file_of(line("A1")), LATER)
    day = datetime(2026, 3, 11, tzinfo=UTC).date()
    raw = drop.extract(day)
    assert rows(raw, "removed_orders") == [("A1\u00a0", NEXT, LATER)]
    assert warned(raw) == {}
    manifest = transform(raw, run_id="run")
    versions = rows(manifest, "order_versions", "order_id")
    assert versions == [("A1",), ("A1\u00a0",)]
    assert rows(manifest, "orders", "order_id") == [("A1",)]

    drop.put(FILE, file_of(line("A1"), line("A2")) + "\n", LATER)
    raw = drop.extract()
    assert rows(raw, "removed_orders") == [("A1\u00a0", FILE, LATER)]
    assert warned(raw) == {}


def test_an_id_of_another_partner_is_the_same_in_any_spelling(drop):
    drop.put(FILE, file_of(line("A1")))
    drop.load(drop.extract())
    drop.loaded[FILE].order_ids[:] = ["A1\u00a0"]
    drop.put("globex_2026-03-10.csv", file_of(line("'A1")), LATER)
    raw = drop.extract()
    assert rows(raw, "removed_orders") == []
    manifest = transform(raw, run_id="run")
    reasons = rows(manifest, "rejected_rows", "reason")
    assert reasons == [("order_of_other_partner",)]


def test_skus_that_a_spreadsheet_changed_are_warnings_with_examples(drop):
    ean = "4006381333931"
    skus = {
        "A1": '"4,00639E+12"',
        "A2": '"4,00639E+12"',
        "A3": "4.00639E+12",
        "A4": f'"=""{ean}"""',
        "A5": f"'{ean}",
        "A6": f"{ean}.0",
        "A7": ean,
        "A8": f"\ufeff{ean}\u00a0",
        "A9": "12E5",
    }
    names = {"A1": "Brush", "A2": "Knife"}
    lines = [
        with_sku(order, sku, names.get(order, "Mug")) for order, sku in skus.items()
    ]
    drop.put(FILE, file_of(*lines))
    raw = drop.extract()
    found = warned(raw)
    assert "rounded 2 SKUs (for example 4,00639E+12)" in found["rounded_skus"]
    assert f"(for example {ean}.0 and {ean})" in found["sku_spellings"]
    stored = dict(rows(transform(raw, run_id="run"), "order_lines", "order_id, sku"))
    assert stored == {
        "A1": "4,00639E+12 Brush",
        "A2": "4,00639E+12 Knife",
        "A3": "4.00639E+12 Mug",
        "A4": ean,
        "A5": ean,
        "A6": f"{ean}.0",
        "A7": ean,
        "A8": ean,
        "A9": "12E5",
    }


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "cp1250"])
def test_utf_8_under_another_encoding_is_a_warning(drop, layouts, encoding):
    (layouts / "acme.yaml").write_text(f"encoding: {encoding}")
    text = file_of(*[line(f"A{number}", name="Küche") for number in range(5_000)])
    cases = {"utf-8": True, encoding: False, "ascii": False}
    for written, is_wrong in cases.items():
        drop.put(FILE, text.encode(written, "replace"))
        found = warned(drop.extract())
        assert ("wrong_encoding" in found) == is_wrong


def test_utf_8_whose_bytes_are_read_in_parts_is_recognised():
    stream = Utf8Stream(io.BytesIO("a€ü".encode()), "cp1252")
    assert stream.was_utf8 is False
    while stream.read(1):
        pass
    assert stream.was_utf8


MIXED = [
    ("decimal_comma: true", ['"1,234"', "1.234"], None),
    ("decimal_comma: true", ['"1,234"', '"1,234.50"'], "1,234.50"),
    ("decimal_comma: true", ['"10,50"', "10.50"], "10.50"),
    ("decimal_comma: true", ['"1.234,50"', '"1.234"'], None),
    ("", ["1.234", '"1.234,50"'], "1.234,50"),
    ("", ["10.50", '"10,50"'], "10,50"),
    ("", ["10.50", "many"], None),
]


@pytest.mark.parametrize(("layout", "prices", "example"), MIXED)
def test_decimal_points_and_commas_in_one_file_are_a_warning(
    drop, layouts, layout, prices, example
):
    (layouts / "acme.yaml").write_text(layout)
    lines = []
    for number, price in enumerate(prices):
        prepared = line(f"A{number}").replace("10.50", price)
        lines.append(prepared.replace(",1.60,", ",0,"))
    drop.put(FILE, file_of(*lines))
    found = warned(drop.extract()).get("mixed_decimals", "")
    assert bool(found) == bool(example)
    assert f"for example {example}" in found or not example


def test_countries_are_codes_and_others_are_counted(drop):
    countries = ["UK", "el", "DEU", "Germany", "Deutschland", ""]
    lines = []
    for number, country in enumerate(countries):
        lines.append(line(f"A{number}").removesuffix("DE") + country)
    drop.put(FILE, file_of(*lines))
    manifest = transform(drop.extract(), run_id="run")
    stored = [country for (country,) in rows(manifest, "orders", "country_code")]
    assert stored == ["DE", "GB", "GR", None, None, None]
    found = warned(manifest)["unknown_countries"]
    assert found.startswith(f"{FILE}: 2 orders have a country")
