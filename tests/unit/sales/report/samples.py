"""Figures of a report for the tests of everything that shows them.

`days/<name>.json` are figures as the archive keeps them: `full` is an ordinary Thursday with everything that
a report can have but pictures, `troubled` an incomplete one with every notice, finding and quality table,
`first` the first day that was ever loaded, `crowded` one with hostile names and 12-digit amounts, `empty` a
closed day after days that were not loaded, `doubtful` one whose partner delivered too few orders.
"""

from datetime import timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

from ecommerce.sales.report.figures import forecast, model
from ecommerce.sales.report.figures.contributions import Contribution
from ecommerce.sales.report.figures.quality import Provenance, Quality

FOLDER = Path(__file__).parent / "days"
PARTS = {"expectation": None, "website": None, "findings": []}
"""What `make_figures` lacks of the full day."""


@cache
def archived(name):
    """Return the figures of a file of `days`."""
    return model.Figures.model_validate_json((FOLDER / f"{name}.json").read_text())


DAY = archived("full").business_date
NASTY = [product.name or "" for product in archived("crowded").products]
"""Names that a layout, a template or a spreadsheet may stumble over."""


def full(**changes):
    """Return the full day; `changes` replace fields, also those of `quality` and `provenance`."""
    figures = archived("full")
    values = dict(figures)
    values["quality"] = _changed(figures.quality, Quality, changes)
    values["provenance"] = _changed(figures.provenance, Provenance, changes)
    return model.Figures(**values | changes)


def _changed(part, kind, changes):
    """Return a part with those of the changes that are its fields, and take them out of `changes`."""
    names = [name for name in kind.model_fields if name in changes]
    return kind(**dict(part) | {name: changes.pop(name) for name in names})


def make_figures(**changes):
    """Return the full day without forecast, website and findings; `changes` as in `full`."""
    return full(**PARTS | changes)


def first_day():
    """Return the first day that is ever loaded: nothing to compare with, nothing forecast."""
    return archived("first")


def troubled():
    """Return an incomplete day with every notice."""
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
    nets = dict(zip(names, range(1000, 500, -1), strict=True))
    nets["unallocated"] = "-796.01"
    categories = [breakdown(name, net, None) for name, net in nets.items()]
    contributions = [
        Contribution(name=each.name, before=Decimal(400), now=each.net_sales)
        for each in categories
    ]
    reasons = [
        model.ReturnReason(reason=f"{n}_th reason", refunds=1, amount=Decimal(400 - n))
        for n in range(300)
    ]
    products = [
        product.model_copy(update={"name": f"Geschirrspülmaschinenfest {product.sku}"})
        for product in figures.products
    ]
    series = figures.expectation.series
    more = [series[-1].model_copy(update={"series": f"category:{n}"}) for n in names]
    unforecast = [f"category:New {number:02}" for number in range(90)]
    changes = {"series": series + more, "unforecast": unforecast}
    return full(
        categories=categories,
        changes=figures.changes.model_copy(update={"categories": contributions}),
        channels=[breakdown(f"partner {n:02}", 900 - n, n) for n in range(60)],
        countries=[breakdown(f"{n:02}", 800 - n, n) for n in range(30)],
        return_reasons=reasons,
        products=products,
        expectation=figures.expectation.model_copy(update=changes),
    )


def breakdown(name, net, orders=10):
    """Return a row of a breakdown."""
    value = Decimal(net)
    return model.Breakdown(
        name=name,
        orders=orders,
        units=Decimal(12),
        gross_sales=value + 15,
        discounts=Decimal(10),
        returns=Decimal(5),
        net_sales=value,
    )


def expectation(
    total=(
        "18900",
        "17100",
        "20700",
        "15800",
        "22000",
        "20411.06",
    ),
    *,
    complete=True,
):
    """Return the forecast of the full day with another total: forecast, bounds of 80 %, of 95 %, actual."""
    known = archived("full").expectation
    values = dict(zip(forecast.FIGURES, map(Decimal, total), strict=True))
    first = known.series[0].model_copy(update=values)
    whole = known.model_copy(update={"series": [first, *known.series[1:]]})
    series = [each.model_copy(update={"verdict": None}) for each in whole.series]
    unjudged = whole.model_copy(update={"series": series})
    return forecast.judged(unjudged, complete=complete)


def trend_with(**changes):
    """Return the trend of the full day with other fields of days so many days before: `back_3={…}`."""
    trend = list(archived("full").trend)
    for name, fields in changes.items():
        place = -1 - int(name.removeprefix("back_"))
        trend[place] = trend[place].model_copy(update=fields)
    return trend


def pictured(folder):
    """Return the full day with pictures of products in `folder`: whole, broken and missing."""
    from PIL import Image

    Image.new("RGB", (96, 64), (200, 80, 20)).save(folder / "whole.png")
    (folder / "broken.png").write_bytes(b"<html>")
    products = list(full().products)
    for place, name in enumerate(("whole", "broken", "missing")):
        thumbnail = {"thumbnail": f"file://{folder}/{name}.png"}
        products[place] = products[place].model_copy(update=thumbnail)
    return full(products=products)


def before(days):
    """Return the day so many days before the full day."""
    return DAY - timedelta(days=days)
