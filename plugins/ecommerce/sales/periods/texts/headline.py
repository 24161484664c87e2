"""The tiles of a period's headline figures, and their changes."""

from ecommerce.core import text
from ecommerce.core.headline_figures import HEADLINE
from ecommerce.core.values import Row, Values
from ecommerce.sales import terms
from ecommerce.sales.periods.figures import PeriodFigures
from ecommerce.sales.periods.texts.names import BASES, base_name
from ecommerce.sales.report.texts.headline import NO_CHANGE, NO_ORDERS, NOTHING_YET


def tiles(figures: PeriodFigures) -> list[Row]:
    """Return the headline figures in reading order: `label`, `value`, `changes`, and `change`, the first of
    them."""
    made = []
    for figure, meaning in HEADLINE.items():
        if figure not in figures.headline:
            continue
        value = figures.headline[figure].value
        stated = _changes(figures, figure)
        if not stated:
            why = NO_ORDERS if value is None else NOTHING_YET
            stated = [NO_CHANGE | {"label": why}]
        tile = {
            "label": meaning.label,
            "value": text.figure(value, meaning.kind, figures.currency),
            "changes": stated,
            "change": stated[0],
        }
        made.append(tile)
    return made


def _changes(figures: PeriodFigures, figure: str) -> list[Values]:
    """Return the changes of a figure in percent, and of net sales the part of the target: `words`, `label`,
    and `tone` (1: welcome, -1: not)."""
    entry = figures.headline[figure]
    stated = []
    for base in BASES:
        before = getattr(entry, base)
        words = text.change(entry.value, before)
        # A percentage of a negative amount would mislead.
        if words != text.NOTHING and before > 0:
            tone = terms.direction(entry.value, before, HEADLINE[figure].good)
            label = f"vs {base_name(figures.period, base)}"
            stated.append({"words": words, "label": label, "tone": tone})
    target = figures.target.target if figures.target else None
    if target and figure == "net_sales":
        words = text.share(entry.value, target)
        tone = terms.direction(entry.value, target, 1)
        stated.append({"words": words, "label": "of the target", "tone": tone})
    return stated
