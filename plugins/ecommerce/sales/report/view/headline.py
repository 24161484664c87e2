"""Headline figures and rates with their comparisons: tiles and tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ecommerce.core import text
from ecommerce.reporting.sections import Section, name, number, quiet, table
from ecommerce.sales.report.figures.model import HEADLINE, RATES, Figures

BASES = ("day_before", "week_before", "average", "year_before")
"""The fields of `model.Figure` that a figure is compared with, in reading order."""
CHOICE = ("week_before", "day_before", "average", "year_before")
"""In the order in which one comparison is chosen where there is room for one."""
SHOWN = ("week_before", "average", "day_before", "year_before")
"""In the order in which the comparisons of a tile are chosen, `MOST_SHOWN` of them."""
TILES, MOST_SHOWN = 4, 2
NOTED = "*"
NOTHING_YET, NO_ORDERS = "nothing to compare with yet", "no orders to average"


def base_names(figures: Figures) -> dict[str, str]:
    """Return the labels of `BASES` on this day."""
    before, week = (text.short_day(figures.business_date - timedelta(days=days)) for days in (1, 7))
    year = figures.business_date - timedelta(days=364)  # the same weekday
    return {
        "day_before": before,
        "week_before": week,
        "average": text.average_name(figures.averaged_days),
        "year_before": text.span(year, year),
    }


def without_sales(figures: Figures) -> list[str]:
    """Return the name of the average, where some of its days had no sales."""
    closed = figures.averaged_days_without_sales
    return [text.average_name(figures.averaged_days, closed)] if closed else []


def known_bases(figures: Figures) -> list[str]:
    """Return the `BASES` that at least one figure of the day can be compared with."""
    return [
        base
        for base in BASES
        if any(getattr(figure, base) is not None for figure in figures.headline.values())
    ]


def tile(figures: Figures, headline: str) -> dict[str, Any]:
    """Return one headline figure: `label`, `value`; `changes` against each of `known_bases` (`words`,
    `label`, `tone`); `shown`, at most `MOST_SHOWN` of them; `change`, the one of choice."""
    meaning, entry = HEADLINE[headline], figures.headline[headline]
    changes = {base: _change(figures, headline, base) for base in known_bases(figures)}
    stated = {base: change for base, change in changes.items() if change["words"] != text.NOTHING}
    shown = [base for base in SHOWN if base in stated][:MOST_SHOWN]
    why = NO_ORDERS if entry.value is None else NOTHING_YET
    nothing = {"words": "", "label": why, "tone": 0}
    return {
        "label": f"{meaning.label}{NOTED}" if entry.note else meaning.label,
        "value": text.figure(entry.value, meaning.kind, figures.currency),
        "changes": list(changes.values()),
        "shown": [change for base, change in stated.items() if base in shown] or [nothing],
        "change": next((stated[base] for base in CHOICE if base in stated), nothing),
    }


def figures_table(figures: Figures) -> Section:
    """Return all headline figures and rates with all comparisons."""
    bases = known_bases(figures)
    names = base_names(figures)
    columns = [name("Figure"), number("This day")]
    columns += [each for base in bases for each in (quiet(names[base]), number("Change"))]
    rows = [_row(figures, headline, bases) for headline in HEADLINE]
    rows += [_rate_row(figures, rate, bases) for rate in RATES]
    remarks = [f"{averaged}." for averaged in without_sales(figures)]
    if not bases:
        remarks = ["No day before this one is loaded and complete, so there is no comparison."]
    return table(
        "figures",
        "All figures",
        columns,
        rows,
        empty="",
        note="net sales are gross sales less discounts less returns; without tax and shipping; "
        "pp: percentage points",
        remarks=remarks,
    )


def summary(figures: Figures, section_id: str, title: str, wanted: Sequence[str], *, note: str) -> Section:
    """Return a few figures and rates with one comparison."""
    bases = known_bases(figures)
    chosen = [base for base in CHOICE if base in bases][:1]
    rows = [
        _rate_row(figures, each, chosen) if each in RATES else _row(figures, each, chosen) for each in wanted
    ]
    columns = [name("Figure"), number("This day")]
    columns += [each for base in chosen for each in (quiet(base_names(figures)[base]), number("Change"))]
    return table(section_id, title, columns, rows, empty="", note=note)


def _change(figures: Figures, headline: str, base: str) -> dict[str, Any]:
    meaning, entry = HEADLINE[headline], figures.headline[headline]
    before = getattr(entry, base)
    label = base_names(figures)[base]
    words = text.change(entry.value, before)
    if words == text.NOTHING and entry.value and before is not None:  # no percentage, such as from zero
        words = text.figure(before, meaning.kind, figures.currency)
        return {"words": words, "label": f"on {label}", "tone": 0}
    tone = text.direction(entry.value, before, meaning.good)
    return {"words": words, "label": f"vs {label}", "tone": tone}


def _row(figures: Figures, headline: str, bases: Sequence[str]) -> list[str]:
    meaning, entry = HEADLINE[headline], figures.headline[headline]
    row = [meaning.label, text.figure(entry.value, meaning.kind, figures.currency)]
    for base in (getattr(entry, each) for each in bases):
        row += [text.figure(base, meaning.kind, figures.currency), text.change(entry.value, base)]
    return row


def _rate_row(figures: Figures, rate: str, bases: Sequence[str]) -> list[str]:
    entry = figures.rates[rate]
    row = [RATES[rate].label, _percent(entry.value)]
    for base in (getattr(entry, each) for each in bases):
        row += [_percent(base), _points(entry.value, base)]
    return row


def _percent(rate: Decimal | None) -> str:
    return text.NOTHING if rate is None else text.share(rate, Decimal(1))


def _points(value: Decimal | None, base: Decimal | None) -> str:
    if value is None or base is None:
        return text.NOTHING
    points = ((value - base) * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
    sign = "+" if points > 0 else "" if points else "±"
    return f"{sign}{text.quantity(points)} pp"
