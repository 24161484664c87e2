"""What must hold for any input: files and pages are only wrapping, and no cent of a refund gets lost."""

import tempfile
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.sales.transform.raw_folders import (
    READ_AT,
    RawFolders,
    csv_line,
    page_line,
    page_order,
    page_refund,
    refund_line,
)

pytestmark = pytest.mark.slow

FEW = settings(max_examples=8, suppress_health_check=list(HealthCheck))
NOTHING = Decimal(0)
cents = st.integers(0, 9999).map(lambda number: Decimal(number) / 100)


def fresh():
    return RawFolders(f"file://{tempfile.mkdtemp()}/run")


def without(rows, *names):
    return sorted(
        tuple((name, value) for name, value in row.items() if name not in names)
        for row in rows
    )


@st.composite
def partner_lines(draw):
    """CSV lines of several versions of a few orders, some of them unusable, each with the file it is in."""
    lines = []
    for order in draw(st.lists(st.sampled_from("ABCD"), unique=True, min_size=1)):
        for file in draw(st.lists(st.integers(0, 3), unique=True, min_size=1)):
            updated_at = datetime(2026, 11, 19, draw(st.integers(0, 2)), tzinfo=UTC)
            for number in draw(
                st.lists(st.integers(1, 130), unique=True, min_size=1, max_size=4)
            ):
                quantity = draw(st.sampled_from(["1", "2", "3", "0", "x"]))
                price = str(draw(cents))
                line = csv_line(order, str(number), quantity=quantity, unit_price=price)
                lines.append((file, line | {"updated_at": updated_at.isoformat()}))
    return draw(st.permutations(lines))


@FEW
@given(partner_lines())
def test_newest_usable_version_of_each_order_wins_whatever_file_it_is_in(lines):
    files = [
        {
            "name": f"acme_2026-11-1{number}.csv",
            "lines": [line for file, line in lines if file == number],
            "received_at": READ_AT - timedelta(hours=number),
        }
        for number in range(4)
    ]
    done = fresh().partner_files(*files)

    versions = defaultdict(list)
    for file, line in lines:
        if line["quantity"] in "123":
            amount = int(line["quantity"]) * Decimal(line["unit_price"])
            versions[line["order_id"], line["updated_at"], -file].append(
                (int(line["line_number"]), amount)
            )
    newest = {}
    for (order, *age), sound in sorted(versions.items()):
        newest[order] = (age, sound)  # the later in sorting order replaces the earlier
    expected = {
        (order, number): amount
        for order, (_, sound) in newest.items()
        for number, amount in sound
    }
    assert {
        (row["order_id"], row["line_number"]): row["gross_amount"]
        for row in done.order_lines
    } == expected
    assert {row["order_id"]: row["gross_amount"] for row in done.orders} == {
        order: sum(amount for _, amount in sound)
        for order, (_, sound) in newest.items()
    }
    bad = sum(line["quantity"] not in "123" for _, line in lines)
    assert done.totals["rows_rejected"] == bad
    assert done.totals["rows_superseded"] == len(lines) - bad - len(expected)


@FEW
@given(st.data())
def test_pages_and_their_order_mean_nothing(data):
    orders = [
        page_order(
            number,
            line_items=[
                page_line(1000 + number * 10 + line, quantity=line) for line in range(4)
            ],
        )
        for number in data.draw(
            st.lists(st.integers(1, 99), unique=True, min_size=1, max_size=8)
        )
    ]
    refunds = [page_refund(500 + row["id"], row["id"]) for row in orders[::2]]
    one = fresh().storefront(orders, refunds=refunds)
    shuffled = data.draw(st.permutations(orders))
    cut = data.draw(st.integers(0, len(orders)))
    two = fresh().storefront(
        shuffled[:cut], shuffled[cut:], refunds=data.draw(st.permutations(refunds))
    )
    for table in ("orders", "order_lines", "refunds", "order_versions", "customers"):
        assert without(getattr(one, table)) == without(getattr(two, table)), table
    assert (
        one.totals["rejected"]
        == two.totals["rejected"]
        == {"invalid_quantity": len(orders)}
    )


@st.composite
def refunded_order(draw):
    """An order with one line, and refunds of it: (amount, merchandise and tax its lines explain)."""
    merchandise, tax = draw(cents), draw(cents)
    refunds = []
    for _ in range(draw(st.integers(1, 5))):
        explained = draw(st.tuples(cents, cents) | st.none())
        refunds.append((draw(cents) + sum(explained or ()), explained))
    return merchandise, tax, refunds


@FEW
@given(st.lists(refunded_order(), min_size=1, max_size=20))
def test_what_a_refund_does_not_explain_is_taken_from_what_is_left(orders):
    pages, refunds, expected = [], [], {}
    for number, (merchandise, tax, booked) in enumerate(orders, 1):
        line = page_line(number, subtotal=str(merchandise), total=str(merchandise))
        pages.append(page_order(number, line_items=[line], total_tax=str(tax)))
        merchandise_left, tax_left, shipping_left = merchandise, tax, Decimal(5)
        for place, (amount, explained) in enumerate(booked):
            refund_id = number * 100 + place
            goods, their_tax = explained or (NOTHING, NOTHING)
            lines = (
                [refund_line(number, f"-{goods}", f"-{their_tax}")] if explained else []
            )
            refunds.append(
                page_refund(refund_id, number, str(amount), line_items=lines)
            )
            merchandise_left, tax_left = merchandise_left - goods, tax_left - their_tax
            rest = amount - goods - their_tax
            from_goods = min(rest, max(merchandise_left, NOTHING))
            from_tax = min(rest - from_goods, max(tax_left, NOTHING))
            merchandise_left, tax_left = (
                merchandise_left - from_goods,
                tax_left - from_tax,
            )
            from_shipping = min(rest - from_goods - from_tax, shipping_left)
            shipping_left -= from_shipping
            if explained:
                expected[str(refund_id), number] = (goods, their_tax, NOTHING)
            if rest or not explained:
                expected[str(refund_id), 0] = (
                    rest - from_tax - from_shipping,
                    from_tax,
                    from_shipping,
                )
    done = fresh().storefront(pages, refunds=refunds[::-1])
    assert {
        (row["refund_id"], row["line_number"]): (
            row["merchandise_amount"],
            row["tax_amount"],
            row["shipping_amount"],
        )
        for row in done.refunds
    } == expected
