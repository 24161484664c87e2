"""Where a rejected row stands, what was found and what was expected."""

import json

import pytest

from ecommerce.sales.days import rejected_rows
from ecommerce.sales.days.rejected_rows import reject_rows, sample_of

LINE = json.dumps(
    {
        "order_id": "A-1001",
        "version": 0,
        "line_number": "2",
        "sku": "K",
        "product_name": "x" * 3000,
    }
)
"""The record of a line of a partner's file."""
RATE = '{"rate_date": "2026-11-19", "currency": "CAD", "rate": "n.a."}'


def row(source, reason, detail, raw=None, **changes):
    """A row of rejects.sql."""
    return {
        "source": source,
        "reason": reason,
        "detail": detail,
        "raw": raw,
        "file": None,
        "row_number": 7,
        "order_id": None,
        "reason_rows": 3,
    } | changes


def of_partner(reason, detail, **changes):
    return row("partner_files", reason, detail, LINE, order_id="A-1001", **changes)


SAMPLES = {
    "a_1.csv, line 17; order A-1001 | unit_price: ten | a number such as 12.50": of_partner(
        "invalid_number", "unit_price = ten", file="a_1.csv", row_number=17
    ),
    "order A-1001, line 2 | Preis (unit_price) = 12.50 (not a number with a decimal comm…"
    " | a number such as 12,50": of_partner(
        "invalid_number",
        "Preis (unit_price) = 12.50 (not a number with a decimal comma)",
    ),
    "order A-1001, line 2 | Tag (ordered_at) = 2026-03-10 (does not match %d.%m.%Y %H:%M…"
    " | a time such as 19.11.2026 15:00": of_partner(
        "invalid_timestamp",
        "Tag (ordered_at) = 2026-03-10 (does not match %d.%m.%Y %H:%M)",
    ),
    "b_1.csv, the whole file | its header lacks sku | a header with every required column": row(
        "partner_files",
        "missing_column",
        "its header lacks sku",
        file="b_1.csv",
        row_number=0,
    ),
    "2019.csv, line 7; order A-1001 | quantity: 0 | a quantity above zero": row(
        "old_shop", "invalid_quantity", "quantity = 0", LINE, file="2019.csv"
    ),
    " | content not kept | a line of at most 256 KiB": row(
        "web_events", "too_long", "line", '{"shape": "xx xxx"}'
    ),
    "order O1, line 2 | tax_amount, unit_price: x, NaN | a number such as 12.50": row(
        "sales_db",
        "invalid_number",
        "tax_amount; unit_price",
        '{"order_id": "O1", "line_number": "2", "unit_price": "NaN", "tax_amount": "x"}',
        file="order_items",
    ),
    "order O2 | Invalid unicode | text in UTF-8 or the encoding of its layout": row(
        "sales_db", "bad_encoding", "Invalid unicode", '{"order_id": "O2"}'
    ),
    "order 9 | ordered_at is empty | a value": row(
        "storefront", "missing_value", "ordered_at is empty", '{"order_id": "9"}'
    ),
    "order 5; refund r7 | merchandise_amount: -1 | no negative amount": row(
        "storefront",
        "negative_price",
        "merchandise_amount = -1",
        '{"refund_id": "r7", "order_id": "5"}',
    ),
    "rate of CAD on 2026-11-19 | rate: n.a. | a number above zero": row(
        "exchange_rates", "invalid_number", "rate = n.a.", RATE, file="rates"
    ),
    # A record that was cut off still has its line.
    "order A-1001, line 2 | tax_amount: x | a number such as 12.50": row(
        "sales_db", "invalid_number", "tax_amount = x", LINE[:2000]
    ),
}
"""Rows, by their place, what was found and what was expected."""


@pytest.mark.parametrize("shown", SAMPLES)
def test_a_sample_has_its_place_its_field_and_what_was_expected(shown):
    [cells] = reject_rows(rejected_rows.rejects([SAMPLES[shown]]))
    assert " | ".join(cells[3:]) == shown


def test_the_number_of_a_row_that_no_file_holds_is_not_shown():
    sample = sample_of(row("sales_db", "missing_value", "", "[1]", file="orders"))
    assert (sample.file, sample.line) == (None, None)


@pytest.mark.parametrize(
    "reason",
    [
        "malformed_line",
        "bad_encoding",
        "file_unreadable",
        "file_too_large",
        "missing_column",
    ],
)
def test_what_is_broken_as_a_whole_has_no_field(reason):
    sample = sample_of(row("partner_files", reason, "damaged"))
    assert (sample.field, sample.value) == (None, "damaged")


def test_a_value_is_masked_and_cut_by_itself():
    long = row("sales_db", "invalid_timestamp", f"ordered_at = {'9' * 3000}", LINE)
    assert sample_of(long).value == "9" * rejected_rows.LONGEST_VALUE + "…"
    personal = row(
        "storefront",
        "invalid_currency",
        "currency = ann@example.com",
        '{"order_id": "eve@example.com"}',
    )
    sample = sample_of(personal)
    assert (sample.value, sample.order_id) == ("<e-mail>", "<e-mail>")


def test_reason_and_number_of_rows_are_said_once():
    quantity = row("sales_db", "invalid_quantity", "quantity = 0", reason_rows=1200)
    shown = reject_rows(rejected_rows.rejects([quantity, quantity]))
    assert [cells[:3] for cells in shown] == [
        ["Sales database", "Invalid quantity", "1,200"],
        ["", "", ""],
    ]
