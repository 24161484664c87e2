"""Figures of a report for the tests of everything that shows them.

`days/<name>.json` are figures as the archive keeps them; their summary is made again. `full` is an ordinary
Thursday with everything that a report can have but pictures, `troubled` an incomplete one with every quality
table, `first` the first day that was ever loaded, `crowded` one with hostile names and 12-digit amounts,
`empty` a closed day after days that were not loaded, `doubtful` one whose partner delivered too few orders.
"""

from datetime import timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

from ecommerce.sales.days.quality import Provenance, Quality
from ecommerce.sales.report.figures.breakdowns import Breakdown
from ecommerce.sales.report.figures.contributions import Contribution
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.sales.report.figures.returns import ReturnReason
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
    """Return 500 categories, long words, 60 partners and 300 reasons of returns."""
    figures = full()
    names = ["Wohnzimmerbeleuchtung/Außenbereich", "Küche & Esszimmer", "unallocated"]
    names += [f"Category {number:03}" for number in range(497)]
    categories = []
    contributions = []
    series = list(figures.expectation.series)
    for place, name in enumerate(names):
        net = Decimal("-796.01") if name == "unallocated" else Decimal(1000 - place)
        categories.append(breakdown(name, net, None))
        contributions.append(Contribution(name=name, before=Decimal(400), now=net))
        category = {"series": f"category:{name}"}
        series.append(series[-1].model_copy(update=category))
    reasons = []
    for place in range(300):
        amount = Decimal(400 - place)
        reason = ReturnReason(reason=f"{place}_th reason", refunds=1, amount=amount)
        reasons.append(reason)
    products = []
    for product in figures.products:
        name = {"name": f"Geschirrspülmaschinenfest {product.sku}"}
        products.append(product.model_copy(update=name))
    unforecast = [f"category:New {number:02}" for number in range(90)]
    changes = {"series": series, "unforecast": unforecast}
    return full(
        categories=categories,
        changes=figures.changes.model_copy(update={"categories": contributions}),
        channels=[breakdown(f"partner {n:02}", 900 - n, n) for n in range(60)],
        countries=[breakdown(f"{n:02}", 800 - n, n) for n in range(30)],
        return_reasons=reasons,
        products=products,
        expectation=figures.expectation.model_copy(update=changes),
    )


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


def pictured(folder):
    """Return the full day with pictures of products in `folder`: whole, broken and missing."""
    from PIL import Image

    Image.new("RGB", (96, 64), (200, 80, 20)).save(folder / "whole.png")
    (folder / "broken.png").write_bytes(b"<html>")
    figures = full()
    thumbnails = {}
    for name, product in zip(
        ("whole", "broken", "missing"), figures.products, strict=False
    ):
        thumbnails[product.sku] = f"file://{folder}/{name}.png"

    def with_pictures(part, field):
        products = []
        for product in getattr(part, field):
            thumbnail = {"thumbnail": thumbnails.get(product.sku)}
            products.append(product.model_copy(update=thumbnail))
        return {field: products}

    changes = figures.changes
    movers = with_pictures(changes, "rising") | with_pictures(changes, "falling")
    products = with_pictures(figures, "products")
    return full(changes=changes.model_copy(update=movers), **products)


def before(days):
    """Return the day so many days before the full day."""
    return DAY - timedelta(days=days)
