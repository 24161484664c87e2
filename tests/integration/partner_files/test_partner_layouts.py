"""A partner with the layout of docs/RECIPES.md, from its file to what is loaded."""

from decimal import Decimal
from pathlib import Path

import pytest

from ecommerce.sales.transform import transform
from tests.integration.partner_files.drop import HEADER as HEADING
from tests.integration.partner_files.drop import file_of, line, rows
from tests.recipes import steps
from tests.rows import column_of
from tests.unit.sales.tables import check
from tests.unit.sales.transform.raw_folders import read

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
    """A broken line keeps its number and the partner's names."""
    deliver(
        drop,
        'G1;1;10.03.2026 08:00;MUG;"Becher; groß";2;1.234,50;0,50;jo@example.com;de;ok',
        "G1;2;10.03.2026 08:00;CUP;Tasse;1;3;;jo@example.com;de;",
        "G2;1;10.03.2026 08:00;MUG;Becher;2;10.50;0;;DE;",
        "G3;1;2026-03-10 08:00;MUG;Becher;2;10,50;0;;DE;",
        ";1;10.03.2026 08:00;MUG;Becher;2;10,50;0;;DE;",
    )
    drop.deliver("acme_2026-03-10.csv", "A1")
    raw = drop.extract()
    # Of acme 2 x 10.50; 2 x 1,234.50 and 3; 2 x 10.50 of G3 and of the line without id.
    assert raw.control_totals["source_amount"] == "2535.0000"
    kinds = column_of(raw.control_totals["warnings"], "kind")
    assert kinds == ["columns_not_read", "mixed_decimals"]
    assert rows(raw, "files", "order_ids")[1] == (["G1", "G2", "G3"],)
    done = read(transform(raw, run_id="run"))
    check(
        done.order_lines,
        """
order_id | product_name | category | quantity | unit_price | discount
A1       | Mug          | Cups     | 2        | 10.5       | 0
G1       | Becher; groß | Küche    | 2        | 1234.5     | 0.5
G1       | Tasse        | Küche    | 1        | 3          | 0
""",
    )
    check(
        [done["G1"]],
        """
channel | status    | currency | country | ordered_at       | updated_at
globex  | completed | EUR      | DE      | 2026-03-10 07:00 | 2026-03-10 07:00
""",
    )
    check(
        done.rejected_rows,
        """
row_number | reason            | detail
4          | invalid_number    | Einzelpreis (unit_price) = 10.50 (not a number with a decimal comma)
5          | invalid_timestamp | Datum (ordered_at) = 2026-03-10 08:00 (does not match %d.%m.%Y %H:%M)
6          | missing_value     | Bestellung (order_id) is empty
""",
    )


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
    refunds = [
        line("A1", quantity="-1"),
        line("A2", quantity="-1"),
    ]
    drop.put("acme_2026-03-10.csv", file_of(line("A1"), *refunds))
    drop.deliver("zeta_2026-03-10.csv", "Z1")
    raw = drop.extract()
    lines = rows(raw, "lines", "order_id, is_refund")
    assert lines == [
        ("A1", False),
        ("A1", True),
        ("A2", True),
        ("Z1", None),
    ]
    assert raw.control_totals["source_amount"] == "42.0000", "of what was sold"
    assert raw.control_totals["source_orders"] == 2


def test_a_voucher_of_a_till_is_a_discount_and_the_totals_add_up(drop, layouts):
    (layouts / "acme.yaml").write_text(
        "columns: {unit_price: line_amount}\nnumber_lines: true"
    )
    mug = line("A1")
    voucher = line("A1", quantity="1").replace("10.50", "-5.00")
    drop.put("acme_2026-03-10.csv", file_of(mug, voucher))
    raw = drop.extract()
    assert raw.control_totals["source_amount"] == "10.5000"
    manifest = transform(raw, run_id="run")
    columns = "gross_amount, discount_amount, amount_after_discount"
    amounts = [
        [Decimal("10.5"), 0, Decimal("10.5")],
        [0, 5, -5],
    ]
    assert sorted(map(list, rows(manifest, "order_lines", columns)))[::-1] == amounts
    totals = "source_amount, loaded_amount, superseded_amount, rejected_amount"
    assert rows(manifest, "control_totals", totals) == [
        (Decimal("10.5"), Decimal("10.5"), 0, 0)
    ]


def test_a_line_that_cannot_be_computed_names_its_column(drop, layouts):
    (layouts / "acme.yaml").write_text("columns: {tax_amount: tax_rate}")
    lines = []
    for order_id, rate in (("A1", "19"), ("A2", "0.19"), ("A3", "")):
        lines.append(line(order_id).replace("1.60", rate))
    drop.put("acme_2026-03-10.csv", file_of(*lines))
    done = read(transform(drop.extract(), run_id="run"))
    check(
        done.rejected_rows,
        """
row_number | reason         | detail
3          | invalid_number | tax_amount (tax_rate) = 0.19 (not a tax rate in percent)
4          | missing_value  | tax_amount (tax_rate) is empty
""",
    )
    assert column_of(done.orders, "order_id") == ["A1"]


def test_an_error_of_a_spreadsheet_is_no_id(drop):
    lines = [line("#1001"), line("#N/A")]
    for order_id, sku in (("A1", "#REF!"), ("A2", "#WERT!"), ("A3", "#9")):
        lines.append(line(order_id).replace("SKU-1", sku))
    drop.put(FILE.replace("globex", "acme"), file_of(*lines))
    done = read(transform(drop.extract(), run_id="run"))
    check(
        done.rejected_rows,
        """
row_number | reason        | detail
3          | missing_value | order_id = #N/A
4          | missing_value | sku = #REF!
5          | missing_value | sku = #WERT!
""",
    )
    assert sorted(column_of(done.orders, "order_id")) == ["#1001", "A3"]


def test_amounts_that_no_column_can_hold_reject_their_file_alone(drop, layouts):
    (layouts / "acme.yaml").write_text(
        "columns: {Ship: shipping_amount, Off: shipping_discount_amount}\n"
    )
    amount = "99999999999999"
    text = f"{HEADING},Ship,Off\n{line('A1')},{amount},-{amount}\n"
    drop.put("acme_2026-03-10.csv", text)
    drop.deliver("zeta_2026-03-10.csv", "Z1")
    manifest = drop.extract()
    assert rows(manifest, "lines", "order_id") == [("Z1",)]
    [rejected] = rows(manifest, "rejects", "file, reason, detail")
    assert rejected[:2] == ("acme_2026-03-10.csv", "file_unreadable")
    assert rejected[2].startswith("its values cannot be converted: Conversion Error")
    assert amount not in rejected[2], "values may be personal data"
    assert manifest.control_totals["source_orders"] == 1
