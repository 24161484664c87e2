"""Restated figures of a report, and their causes."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ecommerce.core.text import MINUS, NOTHING
from ecommerce.sales.report.figures import restatements
from ecommerce.sales.report.figures.model import HEADLINE
from ecommerce.sales.report.view import notices
from ecommerce.sales.report.view.notices import (
    NO_CAUSE,
    reason,
    restated_lines,
    restated_rows,
)
from ecommerce.warehouse.rendering import RESTATED
from tests.unit.sales.report.samples import DAY, make_figures

WEDNESDAY = DAY - timedelta(days=1)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
FILE, FIRST = (
    "13 orders loaded late from the file of alpenmarkt",
    "earlier orders of these customers were loaded",
)
LATE = [
    {"kind": "late", "source": "partner_files", "channel": "alpenmarkt", "orders": 13}
]


def row(
    figure: str, old: str | None, new: str | None, day: date = WEDNESDAY, **changes: Any
) -> dict[str, Any]:
    causes = changes.pop("causes", LATE)
    return {
        "business_date": day,
        "figure": figure,
        "detected_at": NOON,
        "old_value": None if old is None else Decimal(old),
        "new_value": None if new is None else Decimal(new),
        "reason": "late or changed orders from partner_files, run scheduled__2026-11-20",
        "causes": causes and json.dumps(causes),
    } | changes


def shown(*rows: dict[str, Any]):
    return make_figures(restatements=restatements.merged(rows))


def table(*changes: dict[str, Any], most: int | None = None) -> list[list[str]]:
    return restated_rows(restatements.merged(changes), "USD", most)


def test_a_day_has_one_row_for_each_figure_with_its_change_and_its_reason():
    late = [
        row(*each)
        for each in (
            ("customers", "131", "140"),
            ("gross_sales", "19000", "20700"),
            ("net_sales", "18716.13", "20373.40"),
            ("tax", "1900", "2070"),
        )
    ]
    why = [{"kind": "first_orders", "source": None, "channel": None, "orders": None}]
    earlier = row(
        "new_customers", "40", "39", WEDNESDAY - timedelta(days=1), causes=why
    )
    assert table(earlier, *late) == [
        ["Wed 18 Nov", "Net sales", "18,716.13", "20,373.40", "+8.9 %", FILE],
        ["", "Customers", "131", "140", "+6.9 %", ""],
        ["", "Gross sales", "19,000.00", "20,700.00", "+8.9 %", ""],
        ["", "Tax", "1,900.00", "2,070.00", "+8.9 %", ""],
        ["Tue 17 Nov", "New customers", "40", "39", f"{MINUS}2.5 %", FIRST],
    ]


def test_the_reason_of_a_day_has_the_causes_of_all_its_figures_once():
    rates = [{"kind": "rates", "source": None, "channel": None, "orders": None}]
    fewer = [LATE[0] | {"orders": 2}]
    refunds = [
        {
            "kind": "refunded",
            "source": "storefront",
            "channel": "storefront",
            "orders": 1,
        }
    ]
    rows = table(
        row("net_sales", "90", "95", causes=[*rates, *fewer]),
        row("orders", "7", "20"),
        row("returns", "10", "12", causes=refunds),
    )
    assert [each[5] for each in rows] == [
        f"exchange rates published after the report, {FILE} and refunds of 1 order recorded late in the "
        "storefront",
        "",
        "",
    ]


def test_loads_that_changed_a_figure_one_after_another_are_one_row():
    changed = [
        {"kind": "changed", "source": "sales_db", "channel": "sales_db", "orders": 1}
    ]
    later = {"detected_at": NOON + timedelta(hours=1), "causes": changed}
    more = {"detected_at": NOON + timedelta(hours=2)}
    (found,) = restatements.merged(
        [
            row("orders", "20", "19", **later),
            row("orders", "19", "25", **more),
            row("orders", "7", "20"),
        ]
    )
    assert (found.old, found.new, found.detected_at) == (7, 25, more["detected_at"])
    assert reason(found.causes) == f"{FILE} and 1 order changed in the sales database"


def test_what_is_again_what_was_mailed_is_no_restatement():
    back = {"detected_at": NOON + timedelta(hours=1)}
    assert (
        restatements.merged([row("orders", "7", "8"), row("orders", "8", "7", **back)])
        == []
    )


def test_an_average_of_no_order_can_be_restated():
    (cells,) = table(row("average_order_value", None, "65"))
    assert cells[1:5] == ["Average order value", NOTHING, "65.00", NOTHING]


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (("late", "partner_files", "partner_files", 1), "1 order loaded late from the partner files"),
        (("late", "storefront", "storefront", 1300), "1,300 orders loaded late from the storefront"),
        (("late", "old_shop", "old_shop", 2), "2 orders loaded late from the export old_shop"),
        (("changed", "partner_files", "bazario", 2), "2 orders changed in the file of bazario"),
        (("changed", "sales_db", "sales_db", 2), "2 orders changed in the sales database"),
        (("cancelled", "storefront", "storefront", 1), "1 order cancelled in the storefront"),
        (("removed", "sales_db", "sales_db", 1), "1 order deleted in the sales database"),
        (("removed", "partner_files", "bazario", 1), "1 order deleted in the file of bazario"),
        (("removed", "old_shop", "old_shop", 9), "9 orders deleted in the export old_shop"),
        (("refunded", "storefront", "storefront", 1), "refunds of 1 order recorded late in the storefront"),
        (("unrefunded", "sales_db", "sales_db", 1), "refunds of 1 order reversed in the sales database"),
        (("rates", None, None, None), "exchange rates published after the report"),
        (("first_orders", None, None, None), "earlier orders of these customers were loaded"),
    ],
)  # fmt: skip
def test_every_cause_has_words_for_a_reader(cause, words):
    fields = dict(zip(("kind", "source", "channel", "orders"), cause, strict=True))
    assert (
        reason(restatements.causes([row("orders", "1", "2", causes=[fields])])) == words
    )


def test_of_many_causes_the_largest_are_named():
    causes = [
        {"kind": "changed", "source": "sales_db", "channel": "sales_db", "orders": 3},
        *LATE,
    ]
    causes += [
        {"kind": kind, "source": "storefront", "channel": "storefront", "orders": 1}
        for kind in ("late", "removed")
    ]
    assert reason(restatements.causes([row("orders", "1", "2", causes=causes)])) == (
        f"{FILE}, 3 orders changed in the sales database and 2 other causes"
    )


def test_a_change_without_a_cause_is_computed_again():
    assert (
        reason(restatements.causes([row("orders", "1", "2", causes=None)])) == NO_CAUSE
    )


def test_the_sentence_for_mail_and_notice():
    figures = shown(
        row("orders", "131", "144"), row("net_sales", "18716.13", "20373.40")
    )
    sentence = "Wed 18 Nov: net sales 18,716.13 → 20,373.40, +8.9 %: " + FILE
    assert restated_lines(figures.quality.restatements, "USD") == [sentence]
    (notice,) = notices.notices(figures)
    assert (notice["title"], notice["words"]) == ("Restated", f"{sentence}.")
    assert restated_lines([], "USD") == []


def test_of_many_days_the_newest_are_said_and_the_others_counted():
    days = [
        row("orders", "1", "2", WEDNESDAY - timedelta(days=back)) for back in range(400)
    ]
    lines = restated_lines(restatements.merged(days), "USD")
    assert len(lines) == 6
    assert (lines[0][:11], lines[-1]) == ("Wed 18 Nov:", "and 395 earlier days")
    assert len(table(*days)) == 400
    assert len(table(*days, most=10)) == 11
    assert table(*days, most=10)[-1] == [
        "and 390 earlier days",
        "",
        "",
        "",
        "",
        "in figures.json",
    ]


def test_every_figure_of_the_headline_is_restated():
    assert set(HEADLINE) == set(RESTATED)
