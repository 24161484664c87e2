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
FILE = "13 orders loaded late from the file of alpenmarkt"


def cause(kind, source=None, channel=None, orders=0):
    names = {"source": source, "channel": channel or source}
    return {"kind": kind, "orders": orders} | names


LATE = [cause("late", "partner_files", "alpenmarkt", 13)]


def row(figure, old, new, *, back=1, causes=LATE):
    """A row of restated_figures.sql."""
    return {
        "business_date": before(back),
        "figure": figure,
        "detected_at": NOON,
        "old": None if old is None else Decimal(old),
        "new": None if new is None else Decimal(new),
        "causes": json.dumps(causes),
    }


def table(*rows, most=0):
    return restated_rows(restatements.restatements(rows), "USD", most)


def why(*causes):
    (cells,) = table(row("orders", "1", "2", causes=causes))
    return cells[-1]


def test_a_day_has_one_row_for_each_figure_with_its_change_and_its_reason():
    rows = table(
        row("net_sales", "18716.13", "20373.40"),
        row("average_order_value", None, "65"),
        row("customers", "131", "140"),
        row("new_customers", "40", "39", back=2, causes=[cause("first_orders")]),
    )
    first = "earlier orders of these customers were loaded"
    assert rows == [
        ["Wed 18 Nov", "Net sales", "18,716.13", "20,373.40", "+8.9 %", FILE],
        ["", "Average order value", NOTHING, "65.00", NOTHING, ""],
        ["", "Customers", "131", "140", "+6.9 %", ""],
        ["Tue 17 Nov", "New customers", "40", "39", f"{MINUS}2.5 %", first],
    ]


def test_the_reason_of_a_day_has_the_causes_of_all_its_figures_once():
    fewer = LATE[0] | {"orders": 2}
    refunds = cause("refunded", "storefront", orders=1)
    rows = table(
        row("net_sales", "90", "95", causes=[cause("rates"), fewer]),
        row("orders", "7", "20"),
        row("returns", "10", "12", causes=[refunds]),
    )
    words = f"exchange rates published after the report, {FILE} and "
    words += "refunds of 1 order recorded late in the storefront"
    assert [row_cells[5] for row_cells in rows] == [words, "", ""]


@pytest.mark.parametrize(
    ("kind", "source", "channel", "orders", "words"),
    [
        (
            "late",
            "partner_files",
            "partner_files",
            1,
            "1 order loaded late from the partner files",
        ),
        (
            "late",
            "storefront",
            "storefront",
            1300,
            "1,300 orders loaded late from the storefront",
        ),
        (
            "late",
            "old_shop",
            "old_shop",
            2,
            "2 orders loaded late from the export old_shop",
        ),
        (
            "changed",
            "partner_files",
            "bazario",
            2,
            "2 orders changed in the file of bazario",
        ),
        (
            "cancelled",
            "storefront",
            "storefront",
            1,
            "1 order cancelled in the storefront",
        ),
        ("removed", "sales_db", "sales_db", 1, "1 order deleted in the sales database"),
        (
            "refunded",
            "storefront",
            "storefront",
            1,
            "refunds of 1 order recorded late in the storefront",
        ),
        (
            "unrefunded",
            "sales_db",
            "sales_db",
            1,
            "refunds of 1 order reversed in the sales database",
        ),
        ("rates", None, None, 0, "exchange rates published after the report"),
        (
            "first_orders",
            None,
            None,
            0,
            "earlier orders of these customers were loaded",
        ),
    ],
)
def test_every_cause_has_words_for_a_reader(kind, source, channel, orders, words):
    assert why(cause(kind, source, channel, orders)) == words


def test_of_many_causes_the_largest_are_named_and_without_any_a_load_computed_it():
    causes = [cause("changed", "sales_db", orders=3), *LATE]
    causes += [cause(kind, "storefront", orders=1) for kind in ("late", "removed")]
    words = f"{FILE}, 3 orders changed in the sales database and 2 other causes"
    assert why(*causes) == words
    assert why() == "computed again by a later load"


def test_late_files_of_two_partners_are_two_causes():
    other = cause("late", "partner_files", "bazario", 2)
    assert (
        why(other, *LATE) == f"{FILE} and 2 orders loaded late from the file of bazario"
    )


def test_of_many_days_the_newest_are_shown_and_the_others_counted():
    days = [row("orders", "1", "2", back=back) for back in range(1, 401)]
    rows = table(*days, most=10)
    assert (rows[0][0], len(rows)) == ("Wed 18 Nov", 11)
    assert rows[-1] == ["and 390 earlier days", "", "", "", "", "in figures.json"]
    assert len(table(*days)) == 400


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
