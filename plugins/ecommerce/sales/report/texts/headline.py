"""The words of the headline figures: tiles, changes and the table *All figures*. `figures/headline.py` has
the values; docs/DEFINITIONS.md, *What a day is compared with*, the rules.
"""

from collections.abc import Container, Sequence
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from ecommerce.core import text
from ecommerce.core.headline_figures import (
    HEADLINE,
    LEAST_COST_COVERAGE,
    Meaning,
)
from ecommerce.core.templates import render_lines
from ecommerce.core.values import Row, Values
from ecommerce.reporting.sections import Section, rendered_table
from ecommerce.sales import terms
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.sales.report.figures.headline import MEANINGS, Headline

BASES = ("day_before", "week_before", "average", "year_before")
"""The fields of `Figure` that a figure is compared with, in reading order."""
CHOICE = ("week_before", "day_before", "average", "year_before")
"""In the order in which one comparison is chosen where there is room for one."""
SHOWN = ("week_before", "average", "day_before", "year_before")
"""In the order in which the comparisons of a tile are chosen, `MOST_SHOWN` of them."""
TILES = 4
MOST_SHOWN = 2
NOTED = "*"
DAYS_BACK = {"day_before": 1, "week_before": 7, "year_before": 364}
NOTE = (
    "net sales: gross sales less discounts and returns; pp: percentage points; "
    f"{text.MANIFOLD}: more than tenfold; {text.NOTHING}: no data"
)


def tables(figures: Figures) -> list[Section]:
    """Return for the annex all figures and rates with all comparisons."""
    facts = {
        "figures": figures,
        "bases": {base: base_name(figures, base) for base in known_bases(figures)},
        "meanings": MEANINGS,
        "change": _change,
        "counted": text.counted,
        "note": NOTE,
        "closed_days": without_sales(figures),
        "least_coverage": LEAST_COST_COVERAGE,
    }
    remarks = render_lines("remarks/figures.txt", facts)
    section = rendered_table("tables/figures.txt", facts, remarks=remarks)
    return [section | {"annex": True}]


def known_bases(figures: Headline) -> list[str]:
    """Return the `BASES` that at least one figure of the day can be compared with; one day is no average."""
    bases = []
    for base in BASES:
        is_single = base == "average" and figures.averaged_days < 2
        values = [figure.base(base) for figure in figures.headline.values()]
        if not is_single and any(value is not None for value in values):
            bases.append(base)
    return bases


def base_name(figures: Figures, base: str, figure: str = "") -> str:
    """Return the label of one of `BASES`; the average may be of fewer days for a `figure`."""
    day = figures.business_date
    if base == "average":
        return terms.average_name(averaged_days_of(figures, figure))
    before = day - timedelta(days=DAYS_BACK[base])
    name = text.short_day(before)
    return f"{name} {before.year}" if base == "year_before" else name


def averaged_days_of(figures: Headline, figure: str) -> int:
    """Return how many days the average of a figure or rate is of."""
    entry = figures.entries.get(figure)
    if entry is None or entry.days is None:
        return figures.averaged_days
    return entry.days


def without_sales(figures: Headline) -> str:
    """Return the name of the average, where some of its days had no sales."""
    closed = figures.averaged_days_without_sales
    return f"{terms.average_name(figures.averaged_days, closed)}." if closed else ""


def footnotes(figures: Headline) -> list[str]:
    """Return the notes of the headline figures."""
    facts = {"figures": figures, "headline": HEADLINE, "noted": NOTED}
    return render_lines("remarks/footnotes.txt", facts)


def changes(figures: Figures, figure: str) -> dict[str, Values]:
    """Return the changes of a figure in percent, those of a rate in percentage points, by the `BASES` that
    have one, in the order of `SHOWN`: `words`, the `label` of the base, and `tone` (1: welcome, -1: not)."""
    entry = figures.entries[figure]
    known = known_bases(figures)
    stated = {}
    for base in SHOWN:
        name = base_name(figures, base, figure)
        change = change_since(figure, entry.value, entry.base(base), name)
        is_single = base == "average" and averaged_days_of(figures, figure) < 2
        if base in known and change and not is_single:
            stated[base] = change
    return stated


def change_since(
    figure: str, value: Decimal | None, before: Decimal | None, base: str
) -> Values | None:
    """Return the change of a figure as in `changes`; None where there is none. `base` is the name of what it
    is compared with."""
    meaning = MEANINGS[figure]
    words = _change(value, before, meaning)
    # A percentage of a negative amount would mislead.
    if words == text.NOTHING or not before or before < 0:
        return None
    tone = terms.direction(value, before, meaning.good)
    return {"words": words, "label": f"vs {base}", "tone": tone}


def base_of_choice(stated: Container[str]) -> str:
    """Return the one of the `stated` bases that is shown where there is room for one; empty without any."""
    return next((base for base in CHOICE if base in stated), "")


def tiles(figures: Figures) -> list[Row]:
    """Return the first headline figures: `label`, `value`, `changes` (at most `MOST_SHOWN`), and `change`,
    the one of choice."""
    return [_tile(figures, figure) for figure in figures.headline_names[:TILES]]


def small_tiles(figures: Figures) -> list[Row]:
    """Return the other headline figures as `tiles`, and those of the cost of goods where they are known."""
    names = [*figures.headline_names[TILES:], *figures.cost_figures]
    small = [_tile(figures, figure) for figure in names]
    margin = figures.margin
    if margin and figures.cost_figures:
        small.append(plain_tile("Cost coverage", text.share(margin.coverage)))
    return small


def _tile(figures: Figures, figure: str) -> Values:
    entry = figures.entries[figure]
    stated = changes(figures, figure)
    shown = list(stated.values())[:MOST_SHOWN]
    bases = [entry.base(base) for base in known_bases(figures)]
    tile = tile_of(figure, entry.value, figures.currency, shown, bases)
    if stated:
        tile["change"] = stated[base_of_choice(stated)]
    if entry.note:
        tile["label"] += NOTED
    return tile


def tile_of(
    figure: str,
    value: Decimal | None,
    currency: str,
    changes: list[Values],
    bases: Sequence[Decimal | None],
) -> Values:
    """Return the tile of a figure, as in `tiles`; its `change` is the first of `changes`, or else states why
    there is none since any of the `bases`."""
    meaning = MEANINGS[figure]
    why = "nothing to compare with yet"
    if value is None:
        why = "no orders to average"
    elif any(base is not None for base in bases):
        why = "no percentage to state"
    tile = plain_tile(meaning.label, text.figure(value, meaning.kind, currency), why)
    if changes:
        tile |= {"changes": changes, "change": changes[0]}
    return tile


def plain_tile(label: str, value: str, words: str = "") -> Values:
    """Return a tile with `words` in place of a change."""
    change = {"words": "", "label": words, "tone": 0}
    return {"label": label, "value": value, "changes": [change], "change": change}


def _change(value: Decimal | None, base: Decimal | None, meaning: Meaning) -> str:
    """Return a change in percent; of a rate, in percentage points."""
    if meaning.kind != "share":
        return text.change(value, base)
    if value is None or base is None:
        return text.NOTHING
    points = ((value - base) * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
    sign = "±"
    if points:
        sign = "+" if points > 0 else ""
    return f"{sign}{text.quantity(points)} pp"
