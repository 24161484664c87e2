"""A partner with the layout of docs/RECIPES.md, from its file to what is loaded."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from ecommerce.sales.transform import transform
from tests.integration.partner_files.drop import file_of, line, rows
from tests.recipes import steps

[RECIPE] = steps("A partner with another layout")
LAYOUT = RECIPE.text
HEADER = "Bestellung;Pos;Datum;Artikel;Bezeichnung;Menge;Einzelpreis;Rabatt;E-Mail;Land;Notiz"
FILE = "globex_2026-03-10.csv"


@pytest.fixture(autouse=True)
def _globex(layouts):
    (layouts / Path(RECIPE.path).name).write_text(LAYOUT)


def deliver(drop, *lines):
    drop.put(FILE, "\n".join([HEADER, *lines, ""]).encode("latin-1"))


def test_files_are_loaded_in_their_layout(drop):
    """Semicolons, decimal commas, other columns; a broken line keeps its number and the partner's names."""
    deliver(
        drop,
        'G1;1;10.03.2026 08:00;MUG;"Becher; groß";2;1.234,50;0,50;jo@example.com;de;ok',
        "G1;2;10.03.2026 08:00;CUP;Tasse;1;3;;jo@example.com;de;",
        "G2;1;10.03.2026 08:00;MUG;Becher;2;10.50;0;;DE;",
        "G3;1;2026-03-10 08:00;MUG;Becher;2;10,50;0;;DE;",
        'G4;1;10.03.2026 08:00;MUG;"Becher;2;10,50;0;;DE;',
        "G5;1;10.03.2026 08:00;MUG",
        ";1;10.03.2026 08:00;MUG;Becher;2;10,50;0;;DE;",
        "G7;1;10.03.2026 08:00;MUG;Becher;2;10,50;0;;DE;",
    )
    drop.deliver("acme_2026-03-10.csv", "A1")
    raw = drop.extract()
    # Of acme 2 x 10.50; 2 x 1,234.50 and 3; 2 x 10.50 of G3, the line without id and G7.
    assert raw.control_totals["source_amount"] == "2556.0000"
    unread, mixed = raw.control_totals["warnings"]
    assert unread["kind"] == "columns_not_read"
    assert unread["file"] == FILE
    assert unread["columns"] == "Notiz"
    assert mixed["kind"] == "mixed_decimals"
    assert (mixed["file"], mixed["amounts"], mixed["example"]) == (FILE, 1, "10.50")
    known = ["G1", "G2", "G3", "G4", "G5", "G7"]
    assert rows(raw, "files", "order_ids")[1] == (known,)
    manifest = transform(raw, run_id="run")
    columns = "order_id, product_name, category, quantity, unit_price, discount_amount"
    assert rows(manifest, "order_lines", columns) == [
        ("A1", "Mug", "Cups", Decimal(2), Decimal("10.5"), Decimal(0)),
        ("G1", "Becher; groß", "Küche", Decimal(2), Decimal("1234.5"), Decimal("0.5")),
        ("G1", "Tasse", "Küche", Decimal(1), Decimal(3), Decimal(0)),
        ("G7", "Becher", "Küche", Decimal(2), Decimal("10.5"), Decimal(0)),
    ]
    ordered = datetime(2026, 3, 10, 7, tzinfo=UTC)
    columns = (
        "order_id, channel, status, currency, country_code, ordered_at, updated_at"
    )
    order = ("G1", "globex", "completed", "EUR", "DE", ordered, ordered)
    assert rows(manifest, "orders", columns)[1] == order
    price = "Einzelpreis (unit_price) = 10.50 (not a number with a decimal comma)"
    instant = "Datum (ordered_at) = 2026-03-10 08:00 (does not match %d.%m.%Y %H:%M)"
    assert rows(manifest, "rejected_rows", "row_number, reason, detail, file") == [
        (4, "invalid_number", price, FILE),
        (5, "invalid_timestamp", instant, FILE),
        (6, "malformed_line", "a quote that is not closed", FILE),
        (7, "malformed_line", "too few fields", FILE),
        (8, "missing_value", "Bestellung (order_id) is empty", FILE),
    ]


def test_a_changed_layout_reads_loaded_files_again(drop, layouts):
    deliver(drop, "G1;1;10.03.2026 08:00;MUG;Becher;2;10,50;0;;DE;")
    drop.extract_and_load()
    assert rows(drop.extract(), "files") == []
    (layouts / "globex.yaml").write_text(
        LAYOUT.replace("currency: EUR", "currency: CHF")
    )
    assert rows(drop.extract(), "lines", "currency") == [("CHF",)]
    content = (drop.drop / FILE).read_bytes()
    drop.put(FILE.replace("globex", "Globex"), content)
    assert ("Globex",) in rows(drop.extract(), "lines", "partner"), "in any case"


def test_a_file_of_a_layout_with_further_columns_is_loaded_with_others(drop, layouts):
    (layouts / "acme.yaml").write_text("refund_when: {quantity: negative}")
    refunds = [line("A1", quantity="-1"), line("A2", quantity="-1")]
    drop.put("acme_2026-03-10.csv", file_of(line("A1"), *refunds))
    drop.deliver("zeta_2026-03-10.csv", "Z1")
    raw = drop.extract()
    lines = rows(raw, "lines", "order_id, is_refund")
    assert lines == [("A1", False), ("A1", True), ("A2", True), ("Z1", None)]
    assert raw.control_totals["source_amount"] == "42.0000", "of what was sold"
    assert raw.control_totals["source_orders"] == 2


def test_an_invalid_layout_stops_its_partner_alone(drop, layouts):
    (layouts / "acme.yaml").write_text("delimiter: ';'\ntimezone: Mars/Base")
    drop.deliver("acme_2026-03-10.csv", "A1")
    drop.deliver("zeta_2026-03-10.csv", "Z1")
    manifest = drop.extract()
    assert rows(manifest, "lines", "order_id") == [("Z1",)]
    problem = "include/partners/acme.yaml line 2: timezone: invalid timezone: Mars/Base"
    assert rows(manifest, "rejects", "file, reason, detail") == [
        ("acme_2026-03-10.csv", "file_unreadable", problem)
    ]
    (layouts / "acme.yaml").write_text("timezone: Europe/Berlin")
    assert rows(drop.extract(), "lines", "order_id") == [("A1",), ("Z1",)]


def test_a_voucher_of_a_till_is_a_discount_and_the_totals_add_up(drop, layouts):
    (layouts / "acme.yaml").write_text(
        "columns: {unit_price: line_amount}\nnumber_lines: true"
    )
    mug, voucher = line("A1"), line("A1", quantity="1").replace("10.50", "-5.00")
    drop.put("acme_2026-03-10.csv", file_of(mug, voucher))
    raw = drop.extract()
    assert raw.control_totals["source_amount"] == "10.5000"
    manifest = transform(raw, run_id="run")
    columns = "gross_amount, discount_amount, amount_after_discount"
    amounts = [[Decimal("10.5"), 0, Decimal("10.5")], [0, 5, -5]]
    assert sorted(map(list, rows(manifest, "order_lines", columns)))[::-1] == amounts
    totals = "source_amount, loaded_amount, superseded_amount, rejected_amount"
    assert rows(manifest, "control_totals", totals) == [
        (Decimal("10.5"), Decimal("10.5"), 0, 0)
    ]
