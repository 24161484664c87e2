"""Restated figures of a report, and their causes."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ecommerce.core.text import MINUS, NOTHING
from ecommerce.sales.days import restatements
from ecommerce.sales.days.restatements import restated_rows
from tests.unit.sales.report.samples import before

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def cause(kind, source=None, orders=0, channel=None):
    names = {"source": source, "channel": channel or source}
    return {"kind": kind, "orders": orders} | names


LATE = cause("late", "partner_files", 13, "alpenmarkt")
CAUSES = [
    # By how many days before.
    [cause("first_orders"), cause("late", "storefront", 1300)],
    [
        cause("changed", "sales_db", 3),
        LATE,
        cause("late", "old_shop", 1),
        cause("rates"),
    ],
    [],
    [cause("late", "partner_files", 2, "bazario"), LATE],
    [cause("cancelled", "storefront", 1), cause("removed", "sales_db", 2)],
    [cause("refunded", "storefront", 1), cause("unrefunded", "sales_db", 2)],
    [
        cause("late", "partner_files", 1),
        cause("late", "old_shop", 2),
        cause("changed", "storefront", 3),
    ],
]


def row(figure, old, new, *, back=1, causes=()):
    """A row of restated_figures.sql."""
    return {
        "business_date": before(back),
        "figure": figure,
        "detected_at": NOON,
        "old": None if old is None else Decimal(old),
        "new": None if new is None else Decimal(new),
        "causes": json.dumps(causes),
    }


def table(rows, most=0):
    """Return the rows of the table as lines."""
    found = restated_rows(restatements.restatements(rows), "USD", most)
    return [" | ".join(cells) for cells in found]


def test_a_day_has_its_figures_and_all_their_causes_once():
    """Those with the most orders are named, and the others counted."""
    rows = [
        row("net_sales", "18716.13", "20373.40", causes=[LATE | {"orders": 2}]),
        row("average_order_value", None, "65", causes=[cause("rates")]),
        row("customers", "131", "140", causes=[LATE]),
    ]
    for back, causes in enumerate(CAUSES, start=2):
        rows.append(row("new_customers", "40", "39", back=back, causes=causes))
    for back in range(9, 401):
        rows.append(row("orders", "1", "2", back=back))
    late = "13 orders loaded late from the file of alpenmarkt"
    fewer = f"New customers | 40 | 39 | {MINUS}2.5 %"
    rates = "exchange rates published after the report"
    again = "computed again by a later load"
    assert table(rows, most=9) == [
        f"Wed 18 Nov | Net sales | 18,716.13 | 20,373.40 | +8.9 % | {rates} and {late}",
        f" | Average order value | {NOTHING} | 65.00 | {NOTHING} | ",
        " | Customers | 131 | 140 | +6.9 % | ",
        f"Tue 17 Nov | {fewer} | 1,300 orders loaded late from the storefront and "
        "earlier orders of these customers were loaded",
        f"Mon 16 Nov | {fewer} | {rates}, {late} and 2 other causes",
        f"Sun 15 Nov | {fewer} | {again}",
        f"Sat 14 Nov | {fewer} | {late} and 2 orders loaded late from the file of bazario",
        f"Fri 13 Nov | {fewer} | 2 orders deleted in the sales database and "
        "1 order cancelled in the storefront",
        f"Thu 12 Nov | {fewer} | refunds of 2 orders reversed in the sales database and "
        "refunds of 1 order recorded late in the storefront",
        f"Wed 11 Nov | {fewer} | 3 orders changed in the storefront, "
        "2 orders loaded late from the export old_shop and "
        "1 order loaded late from the partner files",
        f"Tue 10 Nov | Orders | 1 | 2 | +100.0 % | {again}",
        "and 391 earlier days |  |  |  |  | in figures.json",
    ]
    assert len(table(rows)) == 402


@pytest.mark.parametrize(
    ("old", "new", "differ"),
    [
        ("7", "7", False),
        ("7", "7.005", False),
        ("7", "7.0051", True),
        (None, None, False),
        (None, "0", True),
    ],
)
def test_a_difference_of_half_a_cent_is_none(old, new, differ):
    values = [value and Decimal(value) for value in (old, new)]
    assert restatements.differ(*values) is differ
