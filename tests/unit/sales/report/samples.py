"""Figures of a report for the tests of everything that shows them.

`days/<name>.json` are figures as the archive keeps them; their summary is made again. `full` is an ordinary
Thursday with everything that a report can have but pictures, `troubled` an incomplete one with every quality
table, `first` the first day that was ever loaded, `crowded` one with hostile names and 12-digit amounts,
`empty` a closed day after days that were not loaded, `doubtful` one whose partner delivered too few orders,
`large` one of a shop with hundreds of names.
"""

from datetime import timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

from ecommerce.sales.days.quality import Provenance, Quality
from ecommerce.sales.report.figures.breakdowns import Breakdown
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.sales.report.texts.summary import summarized

FOLDER = Path(__file__).parent / "days"


@cache
def archived(name):
    """Return the figures of a file of `days`."""
    text = (FOLDER / f"{name}.json").read_text()
    return summarized(Figures.model_validate_json(text))


DAY = archived("full").business_date
NASTY = [product.name or "" for product in archived("crowded").products]
"""Names that a layout, a template or a spreadsheet may stumble over."""


def full(**changes):
    """Return the full day; `changes` replace fields, also those of `quality` and `provenance`."""
    return changed(archived("full"), **changes)


def make_figures(**changes):
    """Return the full day without forecast and website; `changes` as in `full`."""
    return full(**{"expectation": None, "website": None} | changes)


def changed(figures, **changes):
    """Return figures with other fields, and their summary; `changes` as in `full`."""
    parts = {
        "quality": _changed(figures.quality, Quality, changes),
        "provenance": _changed(figures.provenance, Provenance, changes),
    }
    return summarized(Figures(**dict(figures) | parts | changes))


def _changed(part, kind, changes):
    """Return a part with those of the changes that are its fields, and take them out of `changes`."""
    names = [name for name in kind.model_fields if name in changes]
    return kind(**dict(part) | {name: changes.pop(name) for name in names})


def first_day():
    """Return the first day that is ever loaded: nothing to compare with, nothing forecast."""
    return archived("first")


def troubled():
    """Return an incomplete day with everything that can be wrong."""
    return archived("troubled")


def crowded():
    """Return everything that strains a layout: hostile names, 40 categories, 12-digit amounts."""
    return archived("crowded")


def doubtful():
    """Return a day whose partner delivered far fewer orders than usual."""
    return archived("doubtful")


def empty_day():
    """Return a closed day on which nothing was sold, after days that were not loaded."""
    return archived("empty")


def large_shop():
    """Return a day with 120 categories, long words, 60 partners and 40 reasons of returns."""
    return archived("large")


EVERY_DAY = (full, troubled, doubtful, first_day, empty_day, crowded, large_shop)


def breakdown(name, net, orders=10):
    """Return a row of a breakdown."""
    value = Decimal(net)
    return Breakdown(
        name=name,
        orders=orders,
        units=Decimal(12),
        gross_sales=value + 15,
        discounts=Decimal(10),
        returns=Decimal(5),
        net_sales=value,
    )


def expectation(**net):
    """Return the forecast of the full day with another one of net sales."""
    known = archived("full").expectation
    return known.model_copy(update={"net": known.net.model_copy(update=net)})


def trend_with(changes):
    """Return the trend of the full day with other fields of some days, by how many days before they are."""
    trend = list(archived("full").trend)
    for back, fields in changes.items():
        trend[-1 - back] = trend[-1 - back].model_copy(update=fields)
    return trend


def before(days):
    """Return the day so many days before the full day."""
    return DAY - timedelta(days=days)
