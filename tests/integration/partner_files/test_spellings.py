"""Ids, SKUs, amounts and texts as spreadsheets and copied cells spell them, from a file to what is loaded."""

from datetime import timedelta

import pytest

from ecommerce.core.data_warnings import sentence
from ecommerce.sales.transform import transform
from ecommerce.sources import text_blocks
from tests.integration.partner_files.drop import (
    DAY,
    RECEIVED,
    file_of,
    line,
    rows,
)

FILE = "acme_2026-03-10.csv"
NEXT = "acme_2026-03-11.csv"
NEXT_DAY = DAY.replace(day=11)
LATER = RECEIVED + timedelta(hours=1)


pytestmark = pytest.mark.usefixtures("layouts")


def warned(manifest):
    """What the warnings of a folder found, by kind."""
    found = {}
    for warning in manifest.control_totals["warnings"]:
        found[warning["kind"]] = sentence(warning)
    return found


def test_what_cannot_be_seen_makes_no_second_order(drop):
    """Of each order there are two lines, equal but for the spelling of the id."""
    spellings = ["A1\u00a0", "\u200bA2", "\ufeff\ufeffA3", '"=""A4"""', "'A5", "A6\t"]
    known = [f"A{number}" for number in range(1, 7)]
    drop.put(FILE, file_of(*map(line, [*known, *spellings])))
    raw = drop.extract()
    assert rows(raw, "files", "order_ids") == [(known,)]
    assert raw.control_totals["source_orders"] == 6
    manifest = transform(raw, run_id="run")
    totals = manifest.control_totals
    assert totals["orders"] == 6
    assert totals["rows_superseded"] == 6
    # Of twelve lines of 21.00, six count.
    columns = "source_amount, loaded_amount, superseded_amount, rejected_amount"
    assert rows(manifest, "control_totals", columns) == [(252, 126, 126, 0)]


def test_ids_that_people_can_tell_apart_stay_and_a_spreadsheets_spelling_is_a_warning(
    drop,
):
    drop.deliver(FILE, "1001", "01001", "A-1", "A-01")
    raw = drop.extract()
    assert rows(raw, "files", "order_ids") == [(["01001", "1001", "A-01", "A-1"],)]
    assert "01001 and 1001" in warned(raw)["order_id_spellings"]
    assert transform(raw, run_id="run").control_totals["orders"] == 4


def test_a_spelling_of_an_id_of_an_earlier_file_is_a_warning_that_is_stored(drop):
    drop.deliver(FILE, "9001", "1003")
    drop.extract_and_load()
    (drop.drop / FILE).unlink()
    drop.deliver(NEXT, "9001.0", "1002")
    drop.deliver("globex_2026-03-11.csv", "1003.0")
    raw = drop.extract(NEXT_DAY)
    found = warned(raw)["order_id_spellings"]
    assert found.startswith(f"{NEXT}: 1 order id has another order's number")
    assert "9001.0 and 9001" in found
    kinds = rows(raw, "files", "file, warnings[1] ->> 'kind'")
    assert kinds == [(NEXT, "order_id_spellings"), ("globex_2026-03-11.csv", None)]


def test_an_order_that_is_stored_under_another_spelling_is_replaced(drop):
    """Whichever file has it now; the old spelling is removed."""
    drop.deliver(FILE, "A1", "A2")
    drop.extract_and_load()
    drop.loaded[FILE].order_ids[:] = ["A1\u00a0", "A2"]
    drop.deliver(NEXT, "A1", received=LATER)
    # An id of another partner is the same in any spelling.
    drop.deliver("globex_2026-03-11.csv", "'A2", received=LATER)
    raw = drop.extract(NEXT_DAY)
    assert rows(raw, "removed_orders") == [("A1\u00a0", NEXT, LATER)]
    assert warned(raw) == {}
    manifest = transform(raw, run_id="run")
    versions = rows(manifest, "order_versions", "order_id")
    assert versions == [("A1",), ("A1\u00a0",)]
    assert rows(manifest, "orders", "order_id") == [("A1",)]
    reasons = rows(manifest, "rejected_rows", "reason")
    assert reasons == [("order_of_other_partner",)]

    drop.put(
        FILE,
        file_of(line("A1"), line("A2")) + "\n",
        LATER,
    )
    raw = drop.extract()
    assert rows(raw, "removed_orders") == [("A1\u00a0", FILE, LATER)]
    assert warned(raw) == {}


EAN = "4006381333931"
SKUS = [
    ('"4,00639E+12"', "Brush", "4,00639E+12 Brush"),
    ('"4,00639E+12"', "Knife", "4,00639E+12 Knife"),
    ("4.00639E+12", "Mug", "4.00639E+12 Mug"),
    (f'"=""{EAN}"""', "Mug", EAN),
    (f"'{EAN}", "Mug", EAN),
    (f"{EAN}.0", "Mug", f"{EAN}.0"),
    (EAN, "Mug", EAN),
    (f"\ufeff{EAN}\u00a0", "Mug", EAN),
    ("12E5", "Mug", "12E5"),
]
"""The SKU as delivered and the name of the product; what is stored."""


def test_skus_that_a_spreadsheet_changed_are_warnings_with_examples(drop):
    lines = []
    for number, (sku, name, _) in enumerate(SKUS):
        lines.append(line(f"A{number}", name=name).replace("SKU-1", sku))
    drop.put(FILE, file_of(*lines))
    raw = drop.extract()
    found = warned(raw)
    assert "rounded 2 SKUs (for example 4,00639E+12)" in found["rounded_skus"]
    assert f"(for example {EAN}.0 and {EAN})" in found["sku_spellings"]
    stored = rows(
        transform(raw, run_id="run"),
        "order_lines",
        "order_id, sku",
    )
    assert [sku for _, sku in stored] == [sku for *_, sku in SKUS]


def test_order_ids_that_a_spreadsheet_rounded_are_a_warning_with_an_example(drop):
    lines = [line('"1,80043E+12"'), line('"1,80043E+12"', 2), line("1.80044e+12")]
    drop.put(FILE, file_of(*lines, line("12E5"), line("ABCE+12")))
    found = warned(drop.extract())["rounded_order_ids"]
    assert "rounded 2 order ids (for example 1,80043E+12)" in found


ENCODINGS = {"acme": "cp1252", "globex": "latin-1", "zeta": "cp1250"}


def test_utf_8_under_another_encoding_is_a_warning(drop, layouts, monkeypatch):
    """Also where a letter lies in two blocks, or only the later lines show that it is none."""
    monkeypatch.setattr(text_blocks, "BLOCK", 1000)
    for partner, encoding in ENCODINGS.items():
        (layouts / f"{partner}.yaml").write_text(f"encoding: {encoding}")
    lines = [line(f"A{number}", name="Ã¼") for number in range(20)]
    for number in range(20, 100):
        lines.append(line(f"A{number}", name="ü" * 40))
    text = file_of(*lines)
    for written in ("utf-8", None, "ascii"):
        for partner, encoding in ENCODINGS.items():
            content = text.encode(written or encoding, "replace")
            drop.put(f"{partner}_2026-03-10.csv", content)
        wrong = []
        for warning in drop.extract().control_totals["warnings"]:
            if warning["kind"] == "wrong_encoding":
                wrong.append(warning["encoding"])
        expected = ["cp1252", "cp1252", "cp1250"] if written == "utf-8" else []
        assert wrong == expected


NAMES = [
    "Käse",
    "à la carte",
    "ÖL „Kalt“",
    "CÃO",
    "Île",
    "ASSOCIAÇÃO S.A.",
    "Ã la carte",
]


def test_names_that_were_encoded_twice_are_a_warning(drop):
    lines = []
    for number, name in enumerate(NAMES):
        lines.append(line(f"A{number}", name=name))
    drop.put(FILE, file_of(*lines))
    assert warned(drop.extract()) == {}
    twice = NAMES[0].encode().decode("cp1252")
    lines.append(line("B1", name=twice))
    lines.append(line("B2", name="à la carte".encode().decode("latin-1")))
    lines.append(line("B3", name="„Kalt“".encode().decode("cp1252", "replace")))
    lines.append(line("B4").replace("Cups", "Küche".encode().decode("cp1252")))
    drop.put(FILE, file_of(*lines), LATER)
    found = warned(drop.extract())["double_encoded"]
    assert found.startswith(f"{FILE}: 4 names were encoded in UTF-8 twice")
    assert f"for example {twice}" in found


def priced(*prices):
    """Lines of 0.00 tax."""
    record = line("A1").replace(",1.60,", ",0,")
    return [record.replace("10.50", price) for price in prices]


OF_EACH_AMOUNT = [
    line("A1").replace(",2,10.50,", ',"2,5",10.50,'),
    line("A1").replace("10.50", '"10,50"'),
    line("A1").replace(",0,1.60", ',"0,25",1.60'),
    line("A1").replace("1.60", '"1,60"'),
]
COMMA = "decimal_comma: true"
MIXED = [
    (COMMA, priced('"1,234"', '"1,234.50"'), [(1, "1,234.50")]),
    (COMMA, priced('"1.234,50"', '"1.234"'), []),
    ("", priced("10.50", '"10,50"'), [(1, "10,50")]),
    ("", priced("10.50", '"10,1234"'), [(1, "10,1234")]),
    ("", priced("10.50", "many"), []),
    ("", OF_EACH_AMOUNT, [(4, "0,25")]),
]
"""A layout and lines; of a warning the number of amounts, and an example."""


@pytest.mark.parametrize(("layout", "lines", "expected"), MIXED)
def test_decimal_points_and_commas_in_one_file_are_a_warning(
    drop, layouts, layout, lines, expected
):
    (layouts / "acme.yaml").write_text(layout)
    drop.put(FILE, file_of(*lines))
    found = []
    for warning in drop.extract().control_totals["warnings"]:
        if warning["kind"] == "mixed_decimals":
            found.append((warning["amounts"], warning["example"]))
    assert found == expected
