"""What a layout can say about a file, each key with the lines that come out."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from ecommerce.sources.partner_layouts import COLUMNS, Layout

USUAL = {
    "Order": ["order_id"],
    "Line": ["line_number"],
    "Date": ["ordered_at", "updated_at"],
    "Pieces": ["quantity"],
    "Price": ["unit_price"],
}


NAMED = {name for targets in USUAL.values() for name in targets}
CONSTANTS = {name: "" for name in COLUMNS if name not in NAMED} | {"currency": "EUR"}


def layout_of(columns=None, without=(), constants=None, **keys):
    """A layout of files with the columns Order, Line, Date, Pieces and Price, and those of `columns`."""
    named = dict(USUAL)
    others = CONSTANTS | (constants or {})
    for name, target in (columns or {}).items():
        named[name] = [target]
        others.pop(target, None)
    for name in without:
        del named[name]
    return Layout.model_validate({"columns": named, "constants": others, **keys})


HEADER = "Order,Line,Date,Pieces,Price"
DATE = "2026-03-10T08:00:00Z"


@dataclass
class Case:
    """A layout's keys, a file's lines, and by row number the values that come out."""

    keys: dict
    file: list[str]
    lines: dict[int, dict]
    warnings: list[dict] = field(default_factory=list)


CASES = {
    "a preamble is no record": Case(
        {},
        ["sep=,", "Report of March", "", HEADER, f"A1,1,{DATE},2,10.00"],
        {5: {"order_id": "A1", "quantity": "2"}},
    ),
    "a quote is a character": Case(
        {"quoting": "none", "columns": {"Name": "product_name"}},
        [
            f"{HEADER},Name",
            f'A1,1,{DATE},1,5,"Keep Calm" Mug',
            f'A2,1,{DATE},1,5,"Big mug',
            f'A3,1,{DATE},1,5,""',
        ],
        {
            2: {"product_name": '"Keep Calm" Mug'},
            3: {"product_name": '"Big mug'},
            4: {"product_name": '""'},
        },
    ),
    "a header that occurs again is left out": Case(
        {},
        [HEADER, f"A1,1,{DATE},1,5", HEADER, f"A2,1,{DATE},1,5"],
        {2: {"order_id": "A1"}, 4: {"order_id": "A2"}},
        [{"kind": "rows_left_out", "rows": 1, "kinds": "header (1)"}],
    ),
    "a header of a page is no order, and the first of its lines is of the order before": Case(
        {"fill_down": ["order_id", "Date"]},
        [
            HEADER,
            f"A1,1,{DATE},1,5",
            f"\ufeff{HEADER.replace('Date', ' Date')}",
            ",2,,1,6",
            ",,,,",
        ],
        {2: {"order_id": "A1"}, 4: {"order_id": "A1", "ordered_at": DATE}},
        [{"rows": 2, "kinds": "blank (1), header (1)"}],
    ),
    "rules see the values of the order's first line": Case(
        {"fill_down": ["Kind"], "only": {"Kind": ["Sale"]}},
        [
            f"{HEADER},Kind",
            f"A1,1,{DATE},1,5,Sale",
            f"A2,1,{DATE},1,5,Draft",
            f"A1,2,{DATE},1,6,",
            f"A2,2,{DATE},1,6,",
        ],
        {2: {"unit_price": "5"}, 4: {"unit_price": "6"}},
        [{"rows": 2, "kinds": "Draft (2)"}],
    ),
    "a column with the name of ours is another one": Case(
        {
            "fill_down": ["Order"],
            "columns": {"Sub": "line_number"},
            "without": ["Line"],
        },
        [
            "order_id,line_number,Order,Sub,Date,Pieces,Price",
            f"901,1,A1,x-1,{DATE},1,5",
            f",2,,x-2,{DATE},1,6",
        ],
        {
            2: {"order_id": "A1", "line_number": "1"},
            3: {"order_id": "A1", "line_number": "2"},
        },
    ),
    "blanks, line feeds and what has no width make no other column": Case(
        {
            "columns": {"Order  Date": "refunded_at", "Name": "product_name"},
            "only": {"Kind\u00a0of row": ["Sale"]},
        },
        [
            f'"Order\r\nDate", {HEADER},"\u200bName", "Kind of  row"',
            f"{DATE},A1,1,{DATE},1,5,Mug,Sale",
        ],
        {3: {"refunded_at": DATE, "order_id": "A1", "product_name": "Mug"}},
    ),
    "lines without an id are totals": Case(
        {"skip_without": "order_id"},
        [HEADER, f"A1,1,{DATE},1,5", ",,,,", ",,,1,5.00", ",Sum"],
        {2: {"order_id": "A1"}},
        [{"rows": 3, "kinds": "without order_id (3)"}],
    ),
    "blank lines of a spreadsheet are left out": Case(
        {},
        [HEADER, f"A1,1,{DATE},1,5", ",,,,", ' ,"",,,', ",,,,5"],
        {2: {"order_id": "A1"}, 5: {"order_id": None}},
        [{"rows": 2, "kinds": "blank (2)"}],
    ),
    "only some kinds of rows are sales": Case(
        {"only": {"Kind": ["Order", "Sale"]}},
        [
            f"{HEADER},Kind",
            f"A1,1,{DATE},1,5,order",
            f"A2,1,{DATE},1,5, Sale ",
            f"A3,1,{DATE},1,5,Payout",
            f"A4,1,{DATE},1,5,",
        ],
        {2: {"order_id": "A1"}, 3: {"order_id": "A2"}},
        [{"rows": 2, "kinds": "(empty) (1), Payout (1)"}],
    ),
    "kinds of rows are counted, the most frequent first": Case(
        {"only": {"Kind": ["Order"]}},
        [
            f"{HEADER},Kind",
            f"A1,1,{DATE},1,5,{'x' * 41}",
            f"A2,1,{DATE},1,5,To the bank account of Jo Doe jo@example.com",
            f"A3,1,{DATE},1,5,Payout",
            f"A4,1,{DATE},1,5,{'x' * 42}",
        ],
        {},
        [
            {
                "kinds": f"{'x' * 40} (2), Payout (1), To the bank account of Jo Doe <e-mail> (1)"
            }
        ],
    ),
    "columns of the order are on its first line": Case(
        {"fill_down": ["status", "Date"], "columns": {"State": "status"}},
        [
            f"{HEADER},State",
            f"A1,1,{DATE},1,5,paid",
            "B1,1,,1,5,",
            "A1,2,,1,5,",
            "A1,3, ,1,5, ",
            f"A1,4,{DATE},1,5,sent",
            "A1,5,,1,5,",
        ],
        {
            2: {"status": "paid", "ordered_at": DATE},
            3: {"status": None, "ordered_at": None},
            4: {"status": "paid", "ordered_at": DATE, "updated_at": DATE},
            5: {"status": "paid", "ordered_at": DATE},
            6: {"status": "sent"},
            7: {"status": "sent"},
        },
    ),
    "the id of the order is on its first line": Case(
        {"fill_down": ["order_id", "Date"], "skip_without": "Price"},
        [
            HEADER,
            f"A1,1,{DATE},1,5",
            ",2,,1,6",
            f"B1,1,{DATE},1,7",
            " ,2,,1,8",
            "Sum,,,,",
        ],
        {
            2: {"order_id": "A1"},
            3: {"order_id": "A1", "ordered_at": DATE, "unit_price": "6"},
            4: {"order_id": "B1"},
            5: {"order_id": "B1", "ordered_at": DATE, "unit_price": "8"},
        },
        [{"rows": 1, "kinds": "without Price (1)"}],
    ),
    "a line of the order has the values of its products": Case(
        {
            "skip_without": "Part",
            "fill_down": ["status"],
            "columns": {
                "Part": "sku",
                "State": "status",
                "Ship": "order_shipping_amount",
            },
        },
        [
            f"{HEADER},Part,State,Ship",
            f"A1,,{DATE},3,15,,paid,4.00",
            f"A1,1,{DATE},1,5,MUG,,",
            f"A1,2,{DATE},2,5,CUP,,",
            f"B1,1,{DATE},1,5,MUG,,",
            f"B1,,{DATE},1,5,,sent,2.50",
        ],
        {
            3: {"status": "paid", "shipping_amount": "4.0000"},
            4: {"status": "paid", "shipping_amount": "0.0000"},
            5: {"status": None, "shipping_amount": "2.5000"},
        },
        [{"rows": 2, "kinds": "without Part (2)"}],
    ),
    "a value that is missing is mapped": Case(
        {
            "columns": {"State": "status"},
            "values": {"status": {"": "pending"}},
        },
        [f"{HEADER},State", f"A1,1,{DATE},1,5,", f"A2,1,{DATE},1,5,paid"],
        {2: {"status": "pending"}, 3: {"status": "paid"}},
    ),
    "lines are numbered by their place": Case(
        {"number_lines": True, "without": ["Line"]},
        [
            "Order,Date,Pieces,Price",
            f"A1,{DATE},1,5",
            f"B1,{DATE},1,5",
            f"A1\u00a0,{DATE},1,5",
        ],
        {2: {"line_number": "1"}, 3: {"line_number": "1"}, 4: {"line_number": "2"}},
    ),
    "refunds are not numbered": Case(
        {"number_lines": True, "refund_when": {"Pieces": ["negative"]}},
        [HEADER, f"A1,,{DATE},-1,5", f"A1,,{DATE},1,5"],
        {
            2: {"line_number": None, "is_refund": True},
            3: {"line_number": "1", "is_refund": False},
        },
    ),
    "refunds have the numbers of their lines, if the file has them": Case(
        {"refund_when": {"Pieces": ["negative"]}},
        [
            HEADER,
            f"A1,x-9,{DATE},-1,5",
            f"A1,x-1,{DATE},-1,5",
            f"A1,x-1,{DATE},1,5",
        ],
        {
            2: {"line_number": None},
            3: {"line_number": "1"},
            4: {"line_number": "1"},
        },
    ),
    "ids of lines that are texts are numbered by their place": Case(
        {},
        [
            HEADER,
            f"A1,x-9,{DATE},1,5",
            f"A1,x-1,{DATE},1,5",
            f"A1,x-9,{DATE},2,5",
            f"A1,3,{DATE},1,5",
            f"B1,7,{DATE},1,5",
            f"B1,9,{DATE},1,5",
        ],
        {
            2: {"line_number": "1"},
            3: {"line_number": "2"},
            4: {"line_number": "1"},
            5: {"line_number": "3"},
            6: {"line_number": "7"},
            7: {"line_number": "9"},
        },
    ),
    "date and time are two columns": Case(
        {
            "joined": {"ordered_at": ["Date", "Time"]},
            "columns": {"Date": "updated_at"},
            "date_format": ["%d.%m.%y %H:%M", "%d.%m.%y"],
            "timezone": "Europe/Berlin",
        },
        [f"{HEADER},Time", "A1,1,10.03.26,1,5,08:30"],
        {
            2: {
                "ordered_at": "2026-03-10T07:30:00.000000Z",
                "updated_at": "2026-03-09T23:00:00.000000Z",
            }
        },
    ),
    "date and time are on the first line of an order": Case(
        {
            "joined": {"ordered_at": ["Date", "Time"]},
            "columns": {"Date": "updated_at"},
            "fill_down": ["Date"],
            "date_format": ["%Y-%m-%d %H:%M", "%Y-%m-%d"],
            "timezone": "UTC",
        },
        [f"{HEADER},Time", "A1,1,2026-03-10,1,5,08:30", "A1,2,,1,5,"],
        {
            2: {"ordered_at": "2026-03-10T08:30:00.000000Z"},
            3: {"ordered_at": "2026-03-10T08:30:00.000000Z"},
        },
    ),
    "blanks of any kind are equal in rules": Case(
        {
            "only": {"Kind": ["On sale"]},
            "columns": {"State": "status"},
            "values": {"status": {"In\u00a0Arbeit": "processing"}},
        },
        [
            f"{HEADER},Kind,State",
            f"A1,1,{DATE},1,5,\tOn\u00a0Sale,in Arbeit",
            f"A2,1,{DATE},1,5,On  sale\u00a0,In\u00a0\tArbeit ",
        ],
        {2: {"status": "processing"}, 3: {"status": "processing"}},
    ),
    "a line's number is two columns": Case(
        {"joined": {"line_number": ["Line", "Sub"]}, "without": ["Line"]},
        [
            f"{HEADER},Sub",
            f"A1,1,{DATE},1,5,1",
            f"A1,1,{DATE},1,5,2",
            f"A1,2,{DATE},1,5,1",
        ],
        {
            2: {"line_number": "1"},
            3: {"line_number": "2"},
            4: {"line_number": "3"},
        },
    ),
    "an order's id is two columns": Case(
        {
            "joined": {"order_id": ["Order", "Line"]},
            "number_lines": True,
            "without": ["Order", "Line"],
            "columns": {"Cut": "order_discount_amount"},
        },
        [
            f"{HEADER},Cut",
            f"1,55,{DATE},1,10,2",
            f"1,55,{DATE},1,10,2",
            f"1,56,{DATE},1,10,1",
        ],
        {
            2: {"order_id": "1 55", "line_number": "1", "discount_amount": "1.0000"},
            3: {"line_number": "2", "discount_amount": "1.0000"},
            4: {"order_id": "1 56", "line_number": "1", "discount_amount": "1.0000"},
        },
    ),
    "values are mapped": Case(
        {
            "columns": {"State": "status", "Land": "country_code"},
            "values": {
                "status": {"Versandt": "shipped", "it's new": "pending"},
                "country_code": {"Deutschland": "DE"},
            },
        },
        [
            f"{HEADER},State,Land",
            f"A1,1,{DATE},1,5, versandt,Deutschland",
            f"A2,1,{DATE},1,5,It's new,FR",
        ],
        {
            2: {"status": "shipped", "country_code": "DE"},
            3: {"status": "pending", "country_code": "FR"},
        },
    ),
    "cells are formulas that a spreadsheet shows as text": Case(
        {
            "columns": {"State": "status", "Part": "sku"},
            "values": {"status": {"bezahlt": "completed"}},
            "only": {"Kind": ["Sale"]},
        },
        [
            f"{HEADER},State,Part,Kind",
            f'="A1",="1",="{DATE}",="2",="12.50",="bezahlt",="0012",="Sale"',
            f'"=""A2""",1,{DATE},"=""2""","=""12.50""","=""bezahlt""",="",Sale',
        ],
        {
            2: {
                "order_id": "A1",
                "line_number": "1",
                "ordered_at": DATE,
                "quantity": "2",
                "unit_price": "12.50",
                "status": "completed",
                "sku": "0012",
            },
            3: {
                "quantity": "2",
                "unit_price": "12.50",
                "status": "completed",
                "sku": "",
            },
        },
    ),
    "tabs behind cells hide them from a spreadsheet": Case(
        {"columns": {"Cut": "discount_amount"}, "fill_down": ["Date"]},
        [
            f"{HEADER},Cut",
            f"A1\t,1\t,{DATE}\t,2\t,12.50\t,\t",
            "A1\t,2\t,\t,1\t,5\t,0.50\t",
        ],
        {
            2: {"order_id": "A1", "quantity": "2", "discount_amount": ""},
            3: {"ordered_at": DATE, "discount_amount": "0.50"},
        },
    ),
    "countries have names": Case(
        {
            "columns": {"Land": "country_code"},
            "country_names": ["de", "en"],
            "values": {
                "country_code": {
                    "Großbritannien": "GB",
                    "Georgien": "XX",
                    "GEORGIEN": "?",
                }
            },
        },
        [
            f"{HEADER},Land",
            f"A1,1,{DATE},1,5,Österreich ",
            f"A2,1,{DATE},1,5,united states",
            f"A3,1,{DATE},1,5,Großbritannien",
            f"A4,1,{DATE},1,5,Georgien",
            f"A5,1,{DATE},1,5,FR",
            f"A6,1,{DATE},1,5,Europe",
        ],
        {
            2: {"country_code": "AT"},
            3: {"country_code": "US"},
            4: {"country_code": "GB"},
            5: {"country_code": "XX"},
            6: {"country_code": "FR"},
            7: {"country_code": "Europe"},
        },
    ),
    "negative pieces are returned": Case(
        {"refund_when": {"Pieces": ["negative"]}},
        [
            HEADER,
            f"A1,1,{DATE},2,10.00",
            f"A1,2,{DATE},-1,10.00",
            f"A2,1,{DATE},0,10.00",
        ],
        {
            2: {"is_refund": False, "gross_amount": None, "quantity": "2"},
            3: {"is_refund": True, "gross_amount": "10.0000", "quantity": "1"},
            4: {"is_refund": False, "quantity": "0"},
        },
    ),
    "kinds of rows are refunds": Case(
        {
            "refund_when": {"Kind": ["Refund"]},
            "columns": {
                "Cut": "discount_amount",
                "Tax": "tax_amount",
                "Back": "refunded_at",
            },
        },
        [
            f"{HEADER},Kind,Cut,Tax,Back",
            f"A1,1,{DATE},1,-10.00,REFUND,-2.00,-1.52,2026-03-12T08:00:00Z",
        ],
        {
            2: {
                "is_refund": True,
                "unit_price": "10.00",
                "gross_amount": "10.0000",
                "discount_amount": "2.00",
                "tax_amount": "1.52",
                "refunded_at": "2026-03-12T08:00:00Z",
            }
        },
    ),
    "amounts of refunds may be positive, and their dates missing": Case(
        {
            "refund_when": {"Kind": ["Refund"]},
            "columns": {"Cut": "discount_amount", "Back": "refunded_at"},
            "date_format": "%Y-%m-%dT%H:%M:%S%z",
        },
        [
            f"{HEADER},Kind,Cut,Back",
            f"A1,1,{DATE},1,10.00,Refund,2.00,{DATE}",
            f"A1,1,{DATE},1,10.00,Refund,-2.00, ",
        ],
        {
            2: {
                "gross_amount": "10.0000",
                "discount_amount": "2.00",
                "refunded_at": "2026-03-10T08:00:00.000000Z",
            },
            3: {"discount_amount": "2.00", "refunded_at": " "},
        },
    ),
    "other amounts than the price have decimal commas": Case(
        {
            "decimal_comma": True,
            "columns": {
                "Fee": "fee_amount",
                "Ship": "shipping_amount",
                "Ship tax": "shipping_tax_amount",
                "Cost": "unit_cost",
            },
        },
        [
            f"{HEADER},Fee,Ship,Ship tax,Cost",
            f'A1,1,{DATE},1,5,"1,5","2,5","3,5","4,5"',
        ],
        {
            2: {
                "fee_amount": "1.5",
                "shipping_amount": "2.5",
                "shipping_tax_amount": "3.5",
                "unit_cost": "4.5",
            }
        },
    ),
    "discounts are negative": Case(
        {"negated": ["discount_amount"], "columns": {"Cut": "discount_amount"}},
        [
            f"{HEADER},Cut",
            f"A1,1,{DATE},1,5,-1.50",
            f"A2,1,{DATE},1,5,1.50",
            f"A3,1,{DATE},1,5,",
            f"A4,1,{DATE},1,5, ",
        ],
        {
            2: {"discount_amount": "1.50"},
            3: {"discount_amount": "-1.50"},
            4: {"discount_amount": None},
            5: {"discount_amount": " "},
        },
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_rules(read_file, name):
    case = CASES[name]
    content = "\n".join(case.file).encode()
    lines, rejects, warnings = read_file(content, layout_of(**case.keys))
    assert rejects == []
    assert picked(lines, case.lines) == case.lines
    found = [warning for warning in warnings if warning["kind"] == "rows_left_out"]
    assert len(found) == len(case.warnings)
    for warning, expected in zip(found, case.warnings, strict=True):
        assert warning | expected == warning


def test_a_line_behind_a_malformed_one_is_not_of_the_order_before(read_file):
    rows = [f"A1,1,{DATE},1,5", f"B1,1,{DATE},1,5,more", ",2,,1,6", f"C1,1,{DATE},1,7"]
    content = "\n".join([HEADER, *rows]).encode()
    lines, rejects, _ = read_file(content, layout_of(fill_down=["Order"]))
    assert rejects == [(3, "malformed_line")]
    ids = {line["row_number"]: line["order_id"] for line in lines}
    assert ids == {2: "A1", 4: None, 5: "C1"}


@pytest.mark.parametrize(
    "other", ["Order,Line,Date,Price,Pieces", "Refund,Line,Date,Pieces,Price"]
)
def test_lines_behind_a_header_with_other_columns_are_rejected(read_file, other):
    """Here, two pieces would be the price, or the refund would be an order."""
    rows = [HEADER, f"A1,1,{DATE},1,5", other, f"A2,1,{DATE},5,2"]
    lines, rejects, _ = read_file("\n".join(rows).encode(), layout_of())
    assert [line["order_id"] for line in lines] == ["A1"]
    assert rejects == [(3, "malformed_line"), (4, "malformed_line")]


def picked(lines, expected):
    """The values of lines that are expected, by row number."""
    found = {}
    for line in lines:
        wanted = expected.get(line["row_number"], {})
        found[line["row_number"]] = {name: line[name] for name in wanted}
    return found


NUMBERS = {
    "a currency, and a sign on either side": (
        {},
        {
            "12.50": "12.50",
            "€ 12.50": "12.50",
            "12.50 EUR": "12.50",
            "eur-12.50": "-12.50",
            "12.50-": "-12.50",
            "12.50 €-": "-12.50",
            "\u221212.50": "-12.50",
            "+12.50": "12.50",
            " (12.50) ": "-12.50",
            "12.-": "12",
            "(12.--)": "-12",
            "- EUR 12.\u2014": "-12",
            "USD 12.50": "USD 12.50 (not in EUR)",
            "1,234.50": "1,234.50",
            "1e2": "1e2",
            " ": " ",
        },
    ),
    "dashes as signs, and one for zero": (
        {},
        {
            "\u201312.50": "-12.50",
            "\u201112.50 \u20ac": "-12.50",
            "\uff0d12.50": "-12.50",
            "\u20ac (12.50)": "-12.50",
            "(12.50) EUR": "-12.50",
            "-(12.50)": "-(12.50)",
            " -   ": None,
            "- \u20ac": None,
            "--": None,
            "-": None,
        },
    ),
    "an amount of another currency": (
        {},
        {
            "\u00a312.50": "\u00a312.50 (not in EUR)",
            "12.50 z\u0142": "12.50 z\u0142 (not in EUR)",
            "$12.50 USD": "$12.50 USD (not in EUR)",
            "USD $12.50": "USD $12.50 (not in EUR)",
            "$12.50": "$12.50 (not in EUR)",
            "US $12.50": "US $12.50 (not in EUR)",
            "C$12.50": "C$12.50 (not in EUR)",
            "\u20ac12.50 EUR": "12.50",
        },
    ),
    "dollars": (
        {"constants": {"currency": "USD"}},
        {"$12.50": "12.50", "US $12.50": "12.50", "12.50 US$": "12.50"},
    ),
    "other dollars": (
        {"constants": {"currency": "MXN"}},
        {"-$12.50": "-12.50", "US$ 12.50": "US$ 12.50 (not in MXN)"},
    ),
    "crowns": (
        {"constants": {"currency": "SEK"}, "decimal_comma": True},
        {"12,50 kr": "12.50", "Kr. 1.234,50": "1234.50", "129:-": "129"},
    ),
    "lira": (
        {"constants": {"currency": "TRY"}, "decimal_comma": True},
        {"1.234,50 TL": "1234.50", "12,50 kr": "12,50 kr (not in TRY)"},
    ),
    "rand": (
        {"constants": {"currency": "ZAR"}, "thousands": " "},
        {"R 1 234.50": "1234.50", "-R12.50": "-12.50", "12.50 kg": "12.50 kg"},
    ),
    "reais": (
        {"constants": {"currency": "BRL"}, "decimal_comma": True},
        {"-R$ 1.234,56": "-1234.56", "R$12,50": "12.50"},
    ),
    "francs": (
        {"constants": {"currency": "CHF"}, "thousands": "'"},
        {"Fr. 1'299.00": "1299.00", "SFr. 12.\u2013": "12", "12.50 Fr": "12.50"},
    ),
    "yen": (
        {"constants": {"currency": "JPY"}, "thousands": ","},
        {"1,980\u5186": "1980", "\uffe51,980": "1980", "\u00a5980": "980"},
    ),
    "rupees": (
        {"constants": {"currency": "INR"}, "thousands": ","},
        {"\u20b912,34,567.00": "1234567.00", "Rs. 1,234": "1234", "1,23.50": "1,23.50"},
    ),
    "a currency with blanks around it": (
        {"constants": {"currency": " eur "}},
        {"12.50 EUR": "12.50", "12.50 USD": "12.50 USD (not in eur)"},
    ),
    "commas between thousands": (
        {"thousands": ","},
        {
            "€1,234.50": "1234.50",
            "1,23.50": "1,23.50",
            ".50": ".50",
            "1234.5": "1234.5",
        },
    ),
    "apostrophes between thousands": (
        {"thousands": "'"},
        {"1'234'567.50": "1234567.50", "1\u2019234.50": "1234.50"},
    ),
    "blanks between thousands": (
        {"decimal_comma": True, "thousands": " "},
        {
            "1 234\u00a0567,50": "1234567.50",
            "1\u202f234,50 EUR": "1234.50",
            "1\u2009234,50": "1234.50",
            "1.234,50": "1.234,50 (not a number with a decimal comma)",
        },
    ),
    "points between thousands of a currency without decimals": (
        {"thousands": ".", "constants": {"currency": "IDR"}},
        {
            "150.000": "150000",
            "Rp 1.150.000": "1150000",
            "1.150,50": "1150.50",
            "12.50": "12.50 (not a number with a decimal comma)",
        },
    ),
    "decimal commas": (
        {"decimal_comma": True},
        {
            "1.234,50-": "-1234.50",
            "1.500": "1500",
            "12,": "12.",
            "12,-": "12",
            "12,-- EUR": "12",
            "1.234,\u2013 \u20ac": "1234",
            "-12,-": "-12",
            "12.50": "12.50 (not a number with a decimal comma)",
            "1,234.50": "1,234.50 (not a number with a decimal comma)",
            "12,5 kg": "12,5 kg (not a number with a decimal comma)",
        },
    ),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_amounts(read_file, name):
    keys, numbers = NUMBERS[name]
    rows = [f'A{place},1,{DATE},1,"{text}"' for place, text in enumerate(numbers)]
    content = "\n".join([HEADER, *rows]).encode()
    lines, _, _ = read_file(content, layout_of(**keys))
    found = [line["unit_price"] for line in sorted(lines, key=by_row)]
    assert found == list(numbers.values())


def by_row(line):
    return line["row_number"]


INSTANTS = [
    ("%Y-%m-%d %H:%M:%S %z", "2026-03-10 08:00:00 +0100", "2026-03-10T07:00:00"),
    ("%Y-%m-%d %H:%M:%S %z", "2026-03-10 08:00:00 -07:30", "2026-03-10T15:30:00"),
    ("%b %d, %Y %I:%M:%S %p %Z", "Mar 10, 2026 11:54:30 PM PDT", "2026-03-11T06:54:30"),
    ("%b %d, %Y %I:%M:%S %p %Z", "Mar 10, 2026 11:54:30 PM PST", "2026-03-11T07:54:30"),
    (
        "%b %d, %Y %I:%M:%S %p %Z",
        "Mar 10, 2026 11:54:30\u202fp.m. PDT",
        "2026-03-11T06:54:30",
    ),
    ("%d %b %Y %I:%M %p", "3\u00a0Sept 2026 8:05 a. m.", "2026-09-03T06:05:00"),
    ("%d %B %Y %H:%M %Z", "10 March 2026 08:00 cest", "2026-03-10T06:00:00"),
    ("%d %b %Y %H:%M:%S %Z", "1 Mar 2026 08:08:32 GMT+01:00", "2026-03-01T07:08:32"),
    ("%d.%m.%Y %H:%M:%S %Z", "01.03.2026 08:08:32 UTC+1", "2026-03-01T07:08:32"),
    ("%d.%m.%Y %H:%M:%S %z", "01.03.2026 08:08:32 -0500", "2026-03-01T13:08:32"),
    (
        "%d %b %Y %I:%M:%S %p %Z",
        "1 Mar 2026 8:08:32 pm GMT\u22128",
        "2026-03-02T04:08:32",
    ),
    ("%Y-%m-%d %H:%M:%S%z", "2026-03-10 08:00:00Z", "2026-03-10T08:00:00"),
    ("%Y-%m-%d %H:%M %Z", "2026-03-10 08:00 America/New_York", "2026-03-10T12:00:00"),
    ("%b-%d-%y", "Mar-10-26", "2026-03-09T23:00:00"),
    ("%d.%m.%Y %H:%M", "10.03.2026 24:00", "2026-03-10T23:00:00"),
    ("%d.%m.%Y %H:%M:%S", "31.12.2025 24:00:00", "2025-12-31T23:00:00"),
    ("%d.%m.%Y %H:%M %Z", "10.03.2026 24:00 CET", "2026-03-10T23:00:00"),
    ("%d.%m.%Y %H:%M %Z", "10.03.2026 24:00 Asia/Tokyo", "2026-03-10T15:00:00"),
    ("%d.%m.%Y %H:%M %Z", "29.03.2026 24:00 Europe/Paris", "2026-03-29T22:00:00"),
    ("%d.%m.%Y %H:%M %Z", "25.10.2026 24:00 Europe/Paris", "2026-10-25T23:00:00"),
    ("%d.%m.%Y %H:%M:%S", "10.03.2026 08:24:00", "2026-03-10T07:24:00"),
    ("%m/%d/%y", "3/9/26", "2026-03-08T23:00:00"),
    (["%d.%m.%Y", "%d.%m.%y"], "10.03.2026", "2026-03-09T23:00:00"),
    (["%d.%m.%Y", "%d.%m.%y"], "11.03.26", "2026-03-10T23:00:00"),
]
NO_INSTANTS = [
    # A year of two digits does not match one of four.
    ("%d.%m.%Y", "11.03.26"),
    # The zone has several meanings.
    ("%Y-%m-%d %H:%M %Z", "2026-03-10 08:00 IST"),
]


@pytest.fixture
def ordered_at(read_file):
    """Read a time that is written in a format."""

    def read(date_format, written):
        layout = layout_of(date_format=date_format, timezone="Europe/Berlin")
        content = f'{HEADER}\nA1,1,"{written}",1,5\n'.encode()
        [line], _, _ = read_file(content, layout)
        return line["ordered_at"]

    return read


@pytest.mark.parametrize(("date_format", "written", "instant"), INSTANTS)
def test_instants(ordered_at, date_format, written, instant):
    assert ordered_at(date_format, written) == f"{instant}.000000Z"


@pytest.mark.parametrize(("date_format", "written"), NO_INSTANTS)
def test_what_is_no_instant_rejects_its_line(ordered_at, date_format, written):
    reason = f"{written} (does not match {date_format})"
    assert ordered_at(date_format, written) == reason


ZONES = {
    "+00:00": "Z UTC GMT WET",
    "+01:00": "WEST BST CET MEZ",
    "+02:00": "CEST MESZ EET",
    "+03:00": "EEST MSK",
    "+08:00": "AWST",
    "+09:00": "JST KST",
    "+09:30": "ACST",
    "+10:00": "AEST",
    "+10:30": "ACDT",
    "+11:00": "AEDT",
    "+12:00": "NZST",
    "+13:00": "NZDT",
    "-02:30": "NDT",
    "-03:00": "ADT",
    "-03:30": "NST",
    "-04:00": "AST EDT",
    "-05:00": "EST CDT",
    "-06:00": "CST MDT",
    "-07:00": "MST PDT",
    "-08:00": "PST AKDT",
    "-09:00": "AKST",
    "-10:00": "HST",
}


def test_names_of_zones_are_offsets(read_file):
    rows = []
    expected = {}
    for offset, zones in ZONES.items():
        instant = datetime.fromisoformat(f"2026-03-10T08:00{offset}")
        for zone in zones.split():
            rows.append(f"{zone},1,2026-03-10 08:00 {zone},1,5")
            expected[zone] = f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    layout = layout_of(date_format="%Y-%m-%d %H:%M %Z")
    lines, _, _ = read_file("\n".join([HEADER, *rows]).encode(), layout)
    assert {line["order_id"]: line["ordered_at"] for line in lines} == expected


MONTHS_IN_OTHERS = [
    [
        "1月",
        "2月",
        "3月",
        "4月",
        "5月",
        "6月",
        "7月",
        "8月",
        "9月",
        "10月",
        "11月",
        "12月",
    ],
    [
        "leden",
        "únor",
        "březen",
        "duben",
        "květen",
        "červen",
        "červenec",
        "srpen",
        "září",
        "říjen",
        "listopad",
        "prosinec",
    ],
]


@pytest.mark.parametrize("names", MONTHS_IN_OTHERS)
def test_a_month_may_have_the_name_of_another_in_its_own(read_file, names):
    layout = layout_of(date_format="%d %B %Y", month_names=names, timezone="UTC")
    rows = [f"A1,{place},10 {name} 2026,1,5" for place, name in enumerate(names, 1)]
    lines, _, _ = read_file("\n".join([HEADER, *rows]).encode(), layout)
    for line in lines:
        assert line["ordered_at"][5:7] == f"{int(line['line_number']):02}"
    assert len(lines) == 12


MONTHS = {
    "Jan.": 1,
    "Feb.": 2,
    "März": 3,
    "Apr.": 4,
    "Mai": 5,
    "Juni": 6,
    "Juli": 7,
    "Aug.": 8,
    "Sep.": 9,
    "Okt.": 10,
    "Nov.": 11,
    "Dez.": 12,
}


@pytest.mark.parametrize("name_format", ["%b um Uhr", "%B um Uhr"])
def test_months_have_names_of_their_own(read_file, name_format):
    layout = layout_of(
        date_format=f"%d {name_format} %Y", month_names=list(MONTHS), timezone="UTC"
    )
    rows = []
    for name, place in MONTHS.items():
        rows.append(f"A1,{place},10 {name.upper()} um Uhr 2026,1,5")
    lines, _, _ = read_file("\n".join([HEADER, *rows]).encode(), layout)
    for line in lines:
        month = int(line["line_number"])
        assert line["ordered_at"] == f"2026-{month:02}-10T00:00:00.000000Z"
    assert len(lines) == 12
