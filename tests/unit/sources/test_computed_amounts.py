"""Amounts that a layout has in another form, as amounts of lines without tax. The files have one order with
the columns of test_layout_rules.py and those of each case."""

from dataclasses import dataclass
from decimal import Decimal

import pytest

from tests.unit.sources.test_layout_rules import DATE, by_row, layout_of

AMOUNTS = (
    "unit_price",
    "gross_amount",
    "discount_amount",
    "tax_amount",
    "shipping_amount",
    "shipping_tax_amount",
    "fee_amount",
)


@dataclass
class Case:
    """The keys of a layout, its further columns, the fields of each line (pieces, price, further ones), and
    the amounts that come out, without those that are nothing."""

    keys: dict
    columns: dict
    rows: list[str]
    amounts: list[dict]
    without: tuple = ()


RATE = "invalid_number tax_rate"
SHIPPING = "invalid_number order_shipping_amount"
WITH_TAX = {"prices_include_tax": True}
CASES = {
    "an amount of the line": Case(
        {},
        {"Total": "line_amount"},
        ["3,10.00", "1,-2.50", "1,"],
        [
            {"unit_price": "3.3333", "gross_amount": "10"},
            {"unit_price": "-2.5", "gross_amount": "-2.5"},
            {"gross_amount": None},
        ],
        without=("Price",),
    ),
    "an amount after discount, and the price": Case(
        {},
        {"Paid": "amount_after_discount"},
        ["2,5.00,9.00"],
        [{"unit_price": "5", "gross_amount": "10", "discount_amount": "1"}],
    ),
    "an amount after discount, and the discount": Case(
        {},
        {"Paid": "amount_after_discount", "Cut": "discount_amount"},
        ["2,9.00,1.00", "2,9.00,"],
        [
            {"unit_price": "5", "gross_amount": "10", "discount_amount": "1"},
            {"unit_price": "4.5", "gross_amount": "9"},
        ],
        without=("Price",),
    ),
    "prices with a line's tax": Case(
        WITH_TAX,
        {"Tax": "tax_amount", "Cut": "discount_amount"},
        ["1,119.00,19.00,", "1,119.00,15.97,19.00", "2,50.00,0,", "1,10,1.60,10"],
        [
            {"unit_price": "100", "gross_amount": "100", "tax_amount": "19"},
            {
                "unit_price": "99.9957",
                "gross_amount": "99.9957",
                "discount_amount": "15.9657",
                "tax_amount": "15.97",
            },
            {"unit_price": "50", "gross_amount": "100"},
            {
                "unit_price": "10",
                "gross_amount": "10",
                "discount_amount": "11.6",
                "tax_amount": "1.6",
            },
        ],
    ),
    "prices with tax by a rate": Case(
        WITH_TAX,
        {"Rate": "tax_rate", "Cut": "discount_amount", "Ship": "shipping_amount"},
        ["1,11.90,19 %,,5.95", "2,5.35,7%,,", "1,11.90,19,11.90,"],
        [
            {
                "unit_price": "10",
                "gross_amount": "10",
                "tax_amount": "1.9",
                "shipping_amount": "5",
                "shipping_tax_amount": "0.95",
            },
            {"unit_price": "5", "gross_amount": "10", "tax_amount": "0.7"},
            {"unit_price": "10", "gross_amount": "10", "discount_amount": "10"},
        ],
    ),
    "a rate that is no percentage": Case(
        WITH_TAX,
        {"Rate": "tax_rate"},
        ["1,11.90,0.19", "1,11.90,-19", "1,11.90,1900", "1,11.90,0"],
        [
            {"gross_amount": f"{RATE} = 0.19 (not a tax rate in percent)"},
            {"gross_amount": f"{RATE} = -19 (not a tax rate in percent)"},
            {"gross_amount": f"{RATE} = 1900 (not a tax rate in percent)"},
            {"unit_price": "11.9", "gross_amount": "11.9"},
        ],
    ),
    "a rate below one percent has a sign": Case(
        WITH_TAX,
        {"Rate": "tax_rate"},
        ["1,100.50,0.5 %", "1,100.50,0.5%", "1,100.50,0.5"],
        [
            {"unit_price": "100", "gross_amount": "100", "tax_amount": "0.5"},
            {"unit_price": "100", "gross_amount": "100", "tax_amount": "0.5"},
            {"gross_amount": f"{RATE} = 0.5 (not a tax rate in percent)"},
        ],
    ),
    "a rate that is missing is not 0 %, unless there is a tax": Case(
        WITH_TAX | {"refund_when": {"Pieces": ["negative"]}},
        {"Rate": "tax_rate", "Tax": "tax_amount"},
        ["1,11.90,19,", "1,11.90, ,", "-1,11.90,,", "1,11.90,,1.90"],
        [
            {"unit_price": "10", "gross_amount": "10", "tax_amount": "1.9"},
            {"gross_amount": "missing_value tax_rate"},
            {"gross_amount": "missing_value tax_rate"},
            {"unit_price": "10", "gross_amount": "10", "tax_amount": "1.9"},
        ],
    ),
    "the order's tax needs no rate on its other lines": Case(
        WITH_TAX,
        {"Rate": "tax_rate", "Tax": "order_tax_amount"},
        ["1,11.90,,3.80", "1,11.90,,"],
        [{"unit_price": "10", "gross_amount": "10", "tax_amount": "1.9"}] * 2,
    ),
    "a layout may say what a missing rate is": Case(
        WITH_TAX | {"values": {"tax_rate": {"": "19"}}},
        {"Rate": "tax_rate"},
        ["1,11.90,"],
        [{"unit_price": "10", "gross_amount": "10", "tax_amount": "1.9"}],
    ),
    "prices without tax, and a rate": Case(
        {"constants": {"tax_rate": "19"}},
        {"Ship": "shipping_amount"},
        ["1,10.00,5.00"],
        [
            {
                "unit_price": "10",
                "gross_amount": "10",
                "tax_amount": "1.9",
                "shipping_amount": "5",
                "shipping_tax_amount": "0.95",
            }
        ],
    ),
    "a discount of the order on its first line": Case(
        {},
        {"Voucher": "order_discount_amount", "Cut": "discount_amount"},
        ["1,10.00,1.00,", "1,21.00,,1.00", "1,3.00,,"],
        [
            {"unit_price": "10", "gross_amount": "10", "discount_amount": "0.303"},
            {"unit_price": "21", "gross_amount": "21", "discount_amount": "1.6061"},
            {"unit_price": "3", "gross_amount": "3", "discount_amount": "0.0909"},
        ],
    ),
    "amounts of the order on a later line, and a line below nothing": Case(
        {},
        {
            "Total": "line_amount",
            "Voucher": "order_discount_amount",
            "Fee": "order_fee_amount",
            "Wrap": "fee_amount",
        },
        ["1,10.00,,,", "1,-5.00,,1.00,", "1,30.00,4.00,,0.25"],
        [
            {
                "unit_price": "10",
                "gross_amount": "10",
                "discount_amount": "1",
                "fee_amount": "1",
            },
            {"unit_price": "-5", "gross_amount": "-5"},
            {
                "unit_price": "30",
                "gross_amount": "30",
                "discount_amount": "3",
                "fee_amount": "0.25",
            },
        ],
        without=("Price",),
    ),
    "amounts of the order on each line": Case(
        {},
        {
            "Voucher": "order_discount_amount",
            "Ship": "order_shipping_amount",
            "Fee": "order_fee_amount",
            "Wrap": "fee_amount",
        },
        ["1,10.00,3.00,4.00,1.00,0.50", "2,10.00,3.00,4.00,1.00,0.25"],
        [
            {
                "unit_price": "10",
                "gross_amount": "10",
                "discount_amount": "1",
                "shipping_amount": "4",
                "fee_amount": "1.5",
            },
            {
                "unit_price": "10",
                "gross_amount": "20",
                "discount_amount": "2",
                "fee_amount": "0.25",
            },
        ],
    ),
    "an amount of the order that the other lines have not": Case(
        {},
        {"Ship": "order_shipping_amount"},
        ["1,10.00,0", "1,5.00,4.00", "1,5.00,0.00"],
        [
            {"unit_price": "10", "gross_amount": "10", "shipping_amount": "4"},
            {"unit_price": "5", "gross_amount": "5"},
            {"unit_price": "5", "gross_amount": "5"},
        ],
    ),
    "amounts of lines in place of one of the order": Case(
        {},
        {"Ship": "order_shipping_amount"},
        ["1,10.00,4.99", "1,5.00,2.99"],
        [{"gross_amount": f"{SHIPPING} = 2.9900 and 4.9900"}] * 2,
    ),
    "the order's tax in prices and shipping": Case(
        WITH_TAX,
        {"Tax": "order_tax_amount", "Ship": "order_shipping_amount"},
        ["1,59.50,14.25,5.95", "1,23.80,,"],
        [
            {
                "unit_price": "50",
                "gross_amount": "50",
                "tax_amount": "9.5",
                "shipping_amount": "5",
                "shipping_tax_amount": "0.95",
            },
            {"unit_price": "20", "gross_amount": "20", "tax_amount": "3.8"},
        ],
    ),
    "the order's tax in the shipping of several lines": Case(
        {},
        {"Tax": "order_tax_amount", "Ship": "shipping_amount"},
        ["1,10.00,6.00,10.00", "1,30.00,,10.00"],
        [
            {
                "unit_price": "10",
                "gross_amount": "10",
                "tax_amount": "1",
                "shipping_amount": "10",
                "shipping_tax_amount": "2",
            },
            {
                "unit_price": "30",
                "gross_amount": "30",
                "tax_amount": "3",
                "shipping_amount": "10",
            },
        ],
    ),
    "a discount above the shipping has no part of the order's tax": Case(
        {},
        {
            "Tax": "order_tax_amount",
            "Ship": "shipping_amount",
            "Off": "shipping_discount_amount",
        },
        ["1,10.00,2.00,3.00,8.00"],
        [
            {
                "unit_price": "10",
                "gross_amount": "10",
                "tax_amount": "2",
                "shipping_amount": "-5",
            }
        ],
    ),
    "a refund has no part of the order's amounts": Case(
        {"refund_when": {"Pieces": ["negative"]}},
        {"Voucher": "order_discount_amount", "Ship": "order_shipping_amount"},
        ["-1,10.00,4.00,3.00", "1,10.00,4.00,3.00"],
        [
            {"unit_price": "10", "gross_amount": "10"},
            {
                "unit_price": "10",
                "gross_amount": "10",
                "discount_amount": "4",
                "shipping_amount": "3",
            },
        ],
    ),
    "a refund with tax has no part of the order's shipping": Case(
        WITH_TAX | {"refund_when": {"Pieces": ["negative"]}},
        {
            "Tax": "tax_amount",
            "Cut": "discount_amount",
            "Ship": "order_shipping_amount",
        },
        ["1,119.00,19.00,,5", "-1,119.00,-15.97,-19.00,5"],
        [
            {
                "unit_price": "100",
                "gross_amount": "100",
                "tax_amount": "19",
                "shipping_amount": "5",
            },
            {
                "unit_price": "99.9957",
                "gross_amount": "99.9957",
                "discount_amount": "15.9657",
                "tax_amount": "15.97",
            },
        ],
    ),
    "an amount of the order that is none is kept": Case(
        {},
        {
            "Tax": "order_tax_amount",
            "Fee": "order_fee_amount",
            "Wrap": "fee_amount",
        },
        ["1,10.00,some,2.00,none", "1,10.00,,any,"],
        [
            {
                "gross_amount": "invalid_number order_tax_amount = some",
                "fee_amount": "none",
            },
            {"gross_amount": "invalid_number order_fee_amount = any"},
        ],
    ),
    "a discount of the shipping, and its tax": Case(
        WITH_TAX,
        {
            "Ship": "shipping_amount",
            "Off": "shipping_discount_amount",
            "Ship tax": "shipping_tax_amount",
            "Tax": "tax_amount",
        },
        ["1,10.00,5.00,2.00,0.48,1.60"],
        [
            {
                "unit_price": "8.4",
                "gross_amount": "8.4",
                "tax_amount": "1.6",
                "shipping_amount": "2.52",
                "shipping_tax_amount": "0.48",
            }
        ],
    ),
    "taxes of what it cost before discounts": Case(
        WITH_TAX,
        {
            "Tax": "tax_before_discount",
            "Cut": "discount_amount",
            "Ship": "shipping_amount",
            "Off": "shipping_discount_amount",
            "Ship tax": "shipping_tax_before_discount",
        },
        ["1,120.00,20.00,12.00,6.00,6.00,1.00", "1,0,0,,2.40,1.20,0.40"],
        [
            {
                "unit_price": "100",
                "gross_amount": "100",
                "discount_amount": "10",
                "tax_amount": "18",
            },
            {
                "gross_amount": "0",
                "shipping_amount": "1",
                "shipping_tax_amount": "0.2",
            },
        ],
    ),
    "an order of nothing keeps its discount": Case(
        {},
        {"Voucher": "order_discount_amount"},
        ["1,0,5.00", "1,0,5.00"],
        [
            {"unit_price": "0", "gross_amount": "0", "discount_amount": "5"},
            {"unit_price": "0", "gross_amount": "0"},
        ],
    ),
    "what is no amount is kept": Case(
        WITH_TAX,
        {"Tax": "tax_amount"},
        [
            "1,ten,1.60",
            "1,10.00,some",
            "0,10.00,1.60",
            "-1,10.00,1.60",
            "1,-10.00,-1.60",
        ],
        [
            {
                "unit_price": "ten",
                "gross_amount": "invalid_number unit_price = ten",
            },
            {"gross_amount": "invalid_number tax_amount = some"},
            {"unit_price": "10.00", "gross_amount": None},
            {"unit_price": "10.00", "gross_amount": None},
            {"unit_price": "-10.00", "gross_amount": None},
        ],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_amounts(read_file, name):
    case = CASES[name]
    layout = layout_of(columns=case.columns, without=case.without, **case.keys)
    header = ",".join(layout.columns)
    content = [header]
    for number, row in enumerate(case.rows, start=1):
        content.append(f"A1,{number},{DATE},{row}")
    lines, rejects, _ = read_file("\n".join(content).encode(), layout)
    assert rejects == []
    # The lines of a file are written in any order.
    ordered = sorted(lines, key=by_row)
    for line, amounts in zip(ordered, case.amounts, strict=True):
        is_valid = amounts["gross_amount"] and isinstance(
            value(amounts["gross_amount"]), Decimal
        )
        for amount in AMOUNTS:
            if amount in amounts or is_valid:
                assert value(line[amount]) == value(amounts.get(amount)), amount


def value(text):
    """A number, or a text that is none. Nothing is 0."""
    try:
        return Decimal(text or 0)
    except ArithmeticError:
        return text


NO_AMOUNTS = [
    "line_amount",
    "amount_after_discount",
    "discount_amount",
    "tax_amount",
    "tax_before_discount",
    "shipping_amount",
    "shipping_tax_amount",
    "shipping_tax_before_discount",
    "shipping_discount_amount",
    "order_discount_amount",
    "order_tax_amount",
    "order_shipping_amount",
]
"""Columns whose text rejects the line where it is no amount; each has the column's own name."""


def test_a_text_that_is_no_amount_is_kept_in_any_column(read_file):
    layout = layout_of(columns={name: name for name in NO_AMOUNTS}, **WITH_TAX)
    content = [",".join(layout.columns)]
    for place, name in enumerate(NO_AMOUNTS):
        fields = [""] * len(NO_AMOUNTS)
        fields[place] = name
        content.append(f"A{place},1,{DATE},1,10.00,{','.join(fields)}")
    lines, _, _ = read_file("\n".join(content).encode(), layout)
    faults = [f"invalid_number {name} = {name}" for name in NO_AMOUNTS]
    assert sorted(line["gross_amount"] for line in lines) == sorted(faults)
