"""Where a rejected row stands, what was found and what was expected."""

import json

import pytest
import yaml

from ecommerce.sales.days import rejected_rows
from ecommerce.sales.days.rejected_rows import reject_rows, sample_of

LINE = {
    "order_id": "A-1001",
    "version": 0,
    "line_number": "2",
    "sku": "K",
    "product_name": "x" * 3000,
}


def row(detail, raw=None, **values):
    text = raw if isinstance(raw, str | None) else json.dumps(raw)
    return {
        "file": None,
        "row_number": 7,
        "order_id": None,
        "detail": detail,
        "raw": text,
    } | values


def rejected(reason, detail, *, raw=None, source="sales_db", **values):
    """Return the sample of a row."""
    return sample_of(row(detail, raw, source=source, reason=reason, **values))


SAMPLES = """
- {source: partner_files, reason: invalid_number, detail: unit_price = ten, raw: LINE,
   file: alpenmarkt_2026-11-19.csv, row_number: 17, order_id: A-1001,
   shown: ["alpenmarkt_2026-11-19.csv, line 17; order A-1001", "unit_price: ten", a number such as 12.50]}
- {source: partner_files, reason: invalid_number, raw: LINE, order_id: A-1001,
   detail: Preis (unit_price) = 12.50 (not a number with a decimal comma),
   shown: ["order A-1001, line 2", Preis (unit_price) = 12.50 (not a number with a decimal comm…,
           "a number such as 12,50"]}
- {source: partner_files, reason: invalid_timestamp, raw: LINE, order_id: A-1001,
   detail: "Tag (ordered_at) = 2026-03-10 (does not match %d.%m.%Y %H:%M)",
   shown: ["order A-1001, line 2", "Tag (ordered_at) = 2026-03-10 (does not match %d.%m.%Y %H:%M…",
           "a time such as 19.11.2026 15:00"]}
- {source: partner_files, reason: missing_column, detail: its header lacks sku,
   file: bazario_2026-11-19.csv, row_number: 0,
   shown: ["bazario_2026-11-19.csv, the whole file", its header lacks sku,
           a header with every required column]}
- {source: old_shop, reason: invalid_quantity, detail: quantity = 0, raw: LINE,
   file: orders_2019.csv, row_number: 4, order_id: A-1001,
   shown: ["orders_2019.csv, line 4; order A-1001", "quantity: 0", a quantity above zero]}
- {source: web_events, reason: too_long, detail: line, raw: '{"shape": "xx xxx"}',
   shown: ["", content not kept, a line of at most 256 KiB]}
- {source: sales_db, reason: invalid_number, detail: tax_amount; unit_price, file: order_items,
   raw: '{"order_id": "O1", "line_number": "2", "unit_price": "NaN", "tax_amount": "NaN"}',
   shown: ["order O1, line 2", "tax_amount, unit_price: NaN, NaN", a number such as 12.50]}
- {source: sales_db, reason: bad_encoding, detail: Invalid unicode, file: orders,
   raw: '{"order_id": "O2", "shape": "x9,9,xx�x"}',
   shown: [order O2, Invalid unicode, text in UTF-8]}
- {source: storefront, reason: missing_value, detail: ordered_at is empty, order_id: "920",
   raw: '{"order_id": "920"}', file: orders/000001.json,
   shown: [order 920, ordered_at is empty, a value]}
- {source: storefront, reason: negative_price, detail: merchandise_amount = -1, order_id: "5",
   raw: '{"refund_id": "r7", "order_id": "5"}',
   shown: [order 5; refund r7, "merchandise_amount: -1", no negative amount]}
- {source: exchange_rates, reason: invalid_number, detail: rate = n.a., file: rates,
   raw: '{"rate_date": "2026-11-19", "currency": "CAD", "rate": "n.a."}',
   shown: [rate of CAD on 2026-11-19, "rate: n.a.", a number above zero]}
# A record that was cut off still has its line.
- {source: sales_db, reason: invalid_number, detail: tax_amount = x, raw: CUT, order_id: A-1001,
   shown: ["order A-1001, line 2", "tax_amount: x", a number such as 12.50]}
"""


@pytest.mark.parametrize("sample", yaml.safe_load(SAMPLES))
def test_a_sample_has_its_place_its_field_and_what_was_expected(sample):
    raws = {"LINE": json.dumps(LINE), "CUT": json.dumps(LINE)[:2000]}
    raw = sample.get("raw")
    given = row("", reason_rows=3) | sample | {"raw": raws.get(raw, raw)}
    shown = given.pop("shown")
    (found,) = reject_rows(rejected_rows.rejects([given]))
    assert found[3:] == shown


def test_the_number_of_a_row_that_no_file_holds_is_not_shown():
    sample = rejected(
        "missing_value", "currency is empty", file="orders", row_number=831
    )
    assert (sample.file, sample.line) == (None, None)


def test_a_value_is_masked_and_cut_by_itself():
    sample = rejected("invalid_timestamp", f"ordered_at = {'9' * 3000}", raw=LINE)
    assert sample.value == "9" * rejected_rows.LONGEST_VALUE + "…"
    sample = rejected(
        "invalid_currency",
        "currency = ann@example.com",
        source="storefront",
        raw={"order_id": "eve@example.com"},
    )
    assert (sample.value, sample.order_id) == ("<e-mail>", "<e-mail>")


def test_reason_and_number_of_rows_are_said_once():
    given = [
        row(
            "quantity = 0",
            source="sales_db",
            reason="invalid_quantity",
            reason_rows=1200,
        )
        for _ in range(2)
    ]
    assert [each[:3] for each in reject_rows(rejected_rows.rejects(given))] == [
        ["Sales database", "Invalid quantity", "1,200"],
        ["", "", ""],
    ]


def test_what_is_expected_by_every_reason(snapshot):
    lines = []
    for reason, field in rejected_rows.expected_values():
        if not field:
            lines.append(f"{reason}: {rejected(reason, None).expected}")
    for reason, field in (
        ("invalid_number", "line_number"),
        ("too_many_digits", "quantity"),
        ("too_many_digits", "unit_price"),
        ("invalid_timestamp", "rate_date"),
        ("timestamp_out_of_range", "rate_date"),
        ("too_long", "event_id"),
    ):
        sample = rejected(reason, f"{field} = x")
        lines.append(f"{reason} of {field}: {sample.expected}")
    assert "\n".join(lines) == snapshot
