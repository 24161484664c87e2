"""Where a rejected row stands, what was found and what was expected."""

import json

import pytest

from ecommerce.sales.report.figures import rejected
from ecommerce.sales.report.figures.rejected import sample_of
from ecommerce.sales.report.view.quality_tables import reject_rows

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


def cells(source, reason, given):
    (found,) = reject_rows(
        rejected.rejects(
            [given | {"source": source, "reason": reason, "reason_rows": 3}]
        )
    )
    return found[3:]


@pytest.mark.parametrize(
    ("source", "reason", "given", "said"),
    [
        (
            *("partner_files", "invalid_number"),
            row(
                "unit_price = ten",
                LINE,
                file="alpenmarkt_2026-11-19.csv",
                row_number=17,
                order_id="A-1001",
            ),
            (
                "alpenmarkt_2026-11-19.csv, line 17; order A-1001",
                "unit_price: ten",
                "a number such as 12.50",
            ),
        ),
        (
            *("partner_files", "invalid_number"),
            row(
                "Preis (unit_price) = 12.50 (not a number with a decimal comma)",
                LINE,
                order_id="A-1001",
            ),
            (
                "order A-1001, line 2",
                "Preis (unit_price) = 12.50 (not a number with a decimal comm…",
                "a number such as 12,50",
            ),
        ),
        (
            *("partner_files", "invalid_timestamp"),
            row(
                "Tag (ordered_at) = 2026-03-10 (does not match %d.%m.%Y %H:%M)",
                LINE,
                order_id="A-1001",
            ),
            (
                "order A-1001, line 2",
                "Tag (ordered_at) = 2026-03-10 (does not match %d.%m.%Y %H:%M…",
                "a time such as 19.11.2026 15:00",
            ),
        ),
        (
            *("partner_files", "missing_column"),
            row("its header lacks sku", file="bazario_2026-11-19.csv", row_number=0),
            (
                "bazario_2026-11-19.csv, the whole file",
                "its header lacks sku",
                "a header with every required column",
            ),
        ),
        (
            *("old_shop", "invalid_quantity"),
            row(
                "quantity = 0",
                LINE,
                file="orders_2019.csv",
                row_number=4,
                order_id="A-1001",
            ),
            (
                "orders_2019.csv, line 4; order A-1001",
                "quantity: 0",
                "a quantity above zero",
            ),
        ),
        (
            *("web_events", "too_long"),
            row("line", {"shape": "xx xxx"}),
            ("", "content not kept", "a line of at most 256 KiB"),
        ),
        (
            *("sales_db", "invalid_quantity"),
            row("quantity = -2", LINE, file="order_items", order_id="A-1001"),
            ("order A-1001, line 2", "quantity: -2", "a quantity above zero"),
        ),
        (
            *("sales_db", "invalid_number"),
            row(
                "tax_amount; unit_price",
                "O1,2,SKU-2,2,NaN,1.00,NaN",
                file="order_items",
            ),
            (
                "order O1, line 2",
                "tax_amount, unit_price: NaN, NaN",
                "a number such as 12.50",
            ),
        ),
        (
            *("storefront", "missing_value"),
            row(
                "ordered_at is empty",
                {"order_id": "920"},
                file="orders/000001.json",
                order_id="920",
            ),
            ("order 920", "ordered_at is empty", "a value"),
        ),
        (
            *("storefront", "negative_price"),
            row(
                "merchandise_amount = -1",
                {"refund_id": "r7", "order_id": "5"},
                order_id="5",
            ),
            ("order 5; refund r7", "merchandise_amount: -1", "no negative amount"),
        ),
        (
            *("exchange_rates", "invalid_number"),
            row(
                "rate = n.a.",
                {"rate_date": "2026-11-19", "currency": "CAD", "rate": "n.a."},
                file="rates",
            ),
            ("rate of CAD on 2026-11-19", "rate: n.a.", "a number above zero"),
        ),
    ],
)
def test_a_sample_names_its_place_its_field_and_what_was_expected(
    source, reason, given, said
):
    assert cells(source, reason, given) == list(said)


def test_a_record_that_was_cut_off_still_names_its_line():
    raw = json.dumps(LINE)[:2000]
    assert (
        cells(
            "sales_db", "invalid_number", row("tax_amount = x", raw, order_id="A-1001")
        )[0]
        == "order A-1001, line 2"
    )


def test_the_number_of_a_row_that_no_file_holds_is_not_shown():
    sample = sample_of(
        "sales_db",
        "missing_value",
        row("currency is empty", file="orders", row_number=831),
    )
    assert (sample.file, sample.line) == (None, None)


def test_a_value_is_masked_and_cut_by_itself():
    sample = sample_of(
        "sales_db", "invalid_timestamp", row(f"ordered_at = {'9' * 3000}", LINE)
    )
    assert sample.value == "9" * rejected.LONGEST_VALUE + "…"
    sample = sample_of(
        "storefront",
        "invalid_currency",
        row("currency = ann@example.com", {"order_id": "eve@example.com"}),
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
    assert [each[:3] for each in reject_rows(rejected.rejects(given))] == [
        ["Sales database", "Invalid quantity", "1,200"],
        ["", "", ""],
    ]


def test_what_is_expected_by_every_reason(snapshot):
    lines = []
    for reason in rejected.EXPECTED:
        lines.append(f"{reason}: {sample_of('sales_db', reason, row(None)).expected}")
    for reason, field in (
        ("invalid_number", "line_number"),
        ("too_many_digits", "quantity"),
        ("too_many_digits", "unit_price"),
        ("invalid_timestamp", "rate_date"),
        ("timestamp_out_of_range", "rate_date"),
        ("too_long", "event_id"),
    ):
        sample = sample_of("sales_db", reason, row(f"{field} = x"))
        lines.append(f"{reason} of {field}: {sample.expected}")
    assert "\n".join(lines) == snapshot
