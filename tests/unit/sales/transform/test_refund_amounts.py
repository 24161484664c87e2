"""Refunds with negative lines, and refunds that exceed their order."""

from decimal import Decimal

import pytest

from tests.unit.sales.transform.raw_folders import (
    page_line,
    page_order,
    page_refund,
    refund,
    refund_line,
    split,
)


def order_with_voucher(**changes):
    """A knife of 50.00 and a voucher of 10.00, without tax: 40.00 and 5.00 shipping were paid."""
    knife = page_line(11, subtotal="50.00", total="50.00", total_tax="0")
    voucher = page_line(
        12, subtotal="-10.00", total="-10.00", total_tax="0", sku="VOUCHER", quantity=1
    )
    return page_order(line_items=[knife, voucher], total_tax="0", **changes)


def test_a_refund_with_a_voucher_line_has_the_net_amount_of_each_line(raw):
    lines = [refund_line(11, "-50.00", "0"), refund_line(12, "10.00", "0")]
    done = raw.storefront(
        [order_with_voucher()],
        refunds=[
            page_refund(900, amount="40.00", line_items=lines),
            page_refund(901, amount="5.00"),
        ],
    )
    assert done.totals["rejected"] == {}
    assert split(done) == {
        ("900", 11): (50, 0, 0),
        ("900", 12): (-10, 0, 0),
        ("901", 0): (0, 0, 5),
    }


def test_a_voucher_that_comes_first_is_cut_in_the_same_proportion(raw):
    """30.00 of 40.00 are paid back: three quarters of each line."""
    lines = [refund_line(12, "10.00", "0"), refund_line(11, "-50.00", "0")]
    done = raw.storefront(
        [order_with_voucher()],
        refunds=[page_refund(amount="26.6667", line_items=lines)],
    )
    assert split(done) == {
        ("900", 12): (Decimal("-6.6667"), 0, 0),
        ("900", 11): (Decimal("33.3334"), 0, 0),
    }


@pytest.mark.parametrize("order", [1, -1])
def test_the_detail_of_a_rejected_refund_is_of_its_invalid_line(raw, order):
    lines = [refund_line(11, "-50.00", "0"), refund_line(12, "ten", "0")][::order]
    done = raw.storefront(
        [order_with_voucher()], refunds=[page_refund(amount="40.00", line_items=lines)]
    )
    assert done.refunds == []
    (row,) = done.rejected_rows
    assert (row["reason"], row["detail"]) == (
        "invalid_number",
        "merchandise_amount = ten",
    )
    assert '"line_number":"12"' in row["raw"]


def test_the_excess_of_a_refund_over_its_order_is_merchandise(raw):
    """The order has 90.00 merchandise, 7.20 tax, 5.00 shipping and 2.50 fees: 104.70."""
    page = page_order(fee_lines=[{"total": "2.50"}])
    done = raw.storefront(
        [page],
        refunds=[page_refund(1, amount="100.00"), page_refund(2, amount="1000.00")],
    )
    assert split(done) == {
        ("1", 0): (90, Decimal("7.2"), Decimal("2.8")),
        ("2", 0): (Decimal("995.3"), 0, Decimal("4.7")),
    }
    assert {row["category"] for row in done.refunds} == {"unallocated"}


def test_shipping_that_a_refund_names_leaves_none_to_take(raw):
    first = page_refund(
        1, amount="5.00", shipping_lines=[{"total": "-5.00", "total_tax": "0"}]
    )
    done = raw.storefront(
        [page_order()], refunds=[first, page_refund(2, amount="98.20")]
    )
    assert split(done) == {("1", 0): (0, 0, 5), ("2", 0): (91, Decimal("7.2"), 0)}


def test_a_refund_without_any_amount_is_rejected(raw):
    """Not one of 0.00: the order lists it with an amount."""
    done = raw.storefront(
        [page_order()],
        refunds=[page_refund(amount=None), page_refund(901, amount="5.00")],
    )
    assert split(done) == {("901", 0): (5, 0, 0)}
    (row,) = done.rejected_rows
    assert (row["reason"], row["detail"], row["order_id"]) == (
        "missing_value",
        "amount is empty",
        "100",
    )

    done = raw.sales_db(refunds=[refund(amount=None), refund("R2")])
    assert split(done) == {("R2", 0): (10, 0, 0)}
    assert done.totals["rejected"] == {"missing_value": 1}
