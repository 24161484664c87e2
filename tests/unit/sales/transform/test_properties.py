"""What must hold for any refunds: no cent of them gets lost."""

import tempfile
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.sales.transform.raw_folders import (
    RawFolders,
    page_line,
    page_order,
    page_refund,
    refund_line,
)

pytestmark = pytest.mark.slow

FEW = settings(max_examples=8, suppress_health_check=list(HealthCheck))
NOTHING = Decimal(0)
cents = st.integers(0, 9999).map(lambda number: Decimal(number) / 100)


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
    root = f"file://{tempfile.mkdtemp()}/run"
    done = RawFolders(root).storefront(pages, refunds=refunds[::-1])
    found = {}
    for row in done.refunds:
        amounts = [row[f"{name}_amount"] for name in ("merchandise", "tax", "shipping")]
        found[row["refund_id"], row["line_number"]] = tuple(amounts)
    assert found == expected
