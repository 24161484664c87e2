"""The tiles of a period's headline figures, and their changes."""

from ecommerce.core import text
from ecommerce.core.values import Row, Values
from ecommerce.sales import terms
from ecommerce.sales.periods.figures import PeriodFigures
from ecommerce.sales.periods.texts.names import PeriodNames
from ecommerce.sales.report.texts.headline import change_since, tile_of


def tiles(figures: PeriodFigures, names: PeriodNames) -> list[Row]:
    """Return the headline figures in reading order: `label`, `value`, `changes`, and `change`, the first of
    them."""
    made = []
    for figure, entry in figures.headline.items():
        value = entry.value
        changes = [
            change_since(figure, value, entry.before, names.before),
            change_since(figure, value, entry.year_before, names.year_before),
        ]
        if figure == "net_sales":
            changes.append(_reached(figures))
        stated = list(filter(None, changes))
        bases = [entry.before, entry.year_before]
        made.append(tile_of(figure, value, figures.currency, stated, bases))
    return made


def _reached(figures: PeriodFigures) -> Values | None:
    """Return the part of the target that was reached, as a change; None without a target."""
    target = figures.target.target if figures.target else None
    if not target:
        return None
    net_sales = figures.value("net_sales")
    words = text.share(net_sales, target)
    tone = terms.direction(net_sales, target, 1)
    return {"words": words, "label": "of the target", "tone": tone}
