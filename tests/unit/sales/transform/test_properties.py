"""What must hold for any input: the newest version counts, and no cent of a refund gets lost."""

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
line_numbers = st.lists(st.integers(1, 130), unique=True, min_size=1, max_size=4)


def fresh():
    return RawFolders(f"file://{tempfile.mkdtemp()}/run")


@st.composite
def partner_lines(draw):
    """CSV lines of several versions of a few orders, some of them unusable, each with the file it is in."""
    lines = []
    for order in draw(st.lists(st.sampled_from("ABCD"), unique=True, min_size=1)):
        for file in draw(st.lists(st.integers(0, 3), unique=True, min_size=1)):
            updated_at = datetime(2026, 11, 19, draw(st.integers(0, 2)), tzinfo=UTC)
            for number in draw(line_numbers):
                line = csv_line(
                    order,
                    str(number),
                    quantity=draw(st.sampled_from(["1", "2", "3", "0", "x"])),
                    unit_price=str(draw(cents)),
                    updated_at=updated_at.isoformat(),
                )
                lines.append((file, line))
    return draw(st.permutations(lines))


def newest_usable(lines):
    """The amounts by line number of the newest usable version of each order."""
    versions = defaultdict(dict)
    for file, line in lines:
        if line["quantity"] in "123":
            version = line["order_id"], line["updated_at"], -file
            amount = int(line["quantity"]) * Decimal(line["unit_price"])
            versions[version][int(line["line_number"])] = amount
    newest = {}
    for version, amounts in sorted(versions.items()):
        newest[version[0]] = amounts  # a later one replaces an earlier one
    return newest


@FEW
@given(partner_lines())
def test_newest_usable_version_of_each_order_wins_whatever_file_it_is_in(lines):
    files = []
    for number in range(4):
        files.append(
            {
                "name": f"acme_2026-11-1{number}.csv",
                "lines": [line for file, line in lines if file == number],
                "received_at": READ_AT - timedelta(hours=number),
            }
        )
    done = fresh().partner_files(*files)

    expected = newest_usable(lines)
    found = defaultdict(dict)
    for row in done.order_lines:
        found[row["order_id"]][row["line_number"]] = row["gross_amount"]
    assert found == expected
    sums = {row["order_id"]: row["gross_amount"] for row in done.orders}
    assert sums == {name: sum(lines.values()) for name, lines in expected.items()}
    bad = sum(line["quantity"] not in "123" for _, line in lines)
    kept = sum(map(len, expected.values()))
    assert done.counts == (len(lines), kept, bad, len(lines) - bad - kept)


@st.composite
def refunded_order(draw):
    """An order with one line, and refunds of it: (amount, merchandise and tax its lines explain)."""
    merchandise, tax = draw(cents), draw(cents)
    refunds = []
    for _ in range(draw(st.integers(1, 5))):
        explained = draw(st.tuples(cents, cents) | st.none())
        refunds.append((draw(cents) + sum(explained or ()), explained))
    return merchandise, tax, refunds


def split_amounts(merchandise, tax, refunds):
    """(place, has a line) → merchandise, tax and shipping of each part of the refunds."""
    left = [merchandise, tax, Decimal(5)]
    parts = {}
    for place, (amount, explained) in enumerate(refunds):
        rest = amount
        if explained:
            for kind, part in enumerate(explained):
                left[kind] -= part
                rest -= part
            parts[place, True] = (*explained, NOTHING)
        if rest or not explained:
            taken = []
            for kind, available in enumerate(left):
                part = min(rest, max(available, NOTHING))
                taken.append(part)
                left[kind] -= part
                rest -= part
            parts[place, False] = (taken[0] + rest, taken[1], taken[2])
    return parts


@FEW
@given(st.lists(refunded_order(), min_size=1, max_size=20))
def test_what_a_refund_does_not_explain_is_taken_from_what_is_left(orders):
    pages, refunds, expected = [], [], {}
    for number, (merchandise, tax, booked) in enumerate(orders, 1):
        line = page_line(number, subtotal=str(merchandise), total=str(merchandise))
        pages.append(page_order(number, line_items=[line], total_tax=str(tax)))
        for place, (amount, explained) in enumerate(booked):
            lines = []
            if explained:
                lines.append(refund_line(number, *(f"-{part}" for part in explained)))
            refund_id = number * 100 + place
            refunds.append(
                page_refund(refund_id, number, str(amount), line_items=lines)
            )
        for (place, has_line), parts in split_amounts(merchandise, tax, booked).items():
            expected[str(number * 100 + place), number if has_line else 0] = parts
    done = fresh().storefront(pages, refunds=refunds[::-1])
    found = {}
    for row in done.refunds:
        amounts = [row[f"{name}_amount"] for name in ("merchandise", "tax", "shipping")]
        found[row["refund_id"], row["line_number"]] = tuple(amounts)
    assert found == expected
