"""The drivers of a day: the largest contributions to the change of net sales, each counted once.

Every dimension of `sales_contributions` divides the same change, so names of two dimensions would count it
twice. The drivers are of one dimension: that in which the fewest names have changed. A product that explains
its category takes its place. docs/DEFINITIONS.md, *Summary*, has the rules.
"""

from collections.abc import Iterable
from decimal import Decimal

from ecommerce.core import text
from ecommerce.reporting.parts import ZERO
from ecommerce.sales import terms
from ecommerce.sales.report.figures.contributions import (
    FIELDS,
    Contribution,
    LikeForLike,
)
from ecommerce.sales.report.figures.summary import Driver
from ecommerce.sales.report.texts.base import DIMENSIONS

MOST_DRIVERS = 3
SMALLEST_PART = Decimal("0.03")
"""Of the day's sales: what is smaller is no driver."""
EXPLAINS = Decimal("0.8")
"""Of the change of a category, for a product to take its place."""
MOST_OF_IT = Decimal("0.5")
"""Of the change of a category, for a product to be named with it."""
PRODUCT = "product"
CATEGORY = "category"
LABELS = {dimension.name: dimension.label for dimension in DIMENSIONS}
"""How the names of a dimension are written; those of others are in `NAMES`."""
NAMES = {
    "new": "new customers",
    "returning": "returning customers",
    "guests": "guests",
    "returns": "returns",
    "gross_sales": "gross sales",
    "discounts": "discounts",
}
NEEDED = {"customers": {"returning"}, "measure": {"discounts", "returns"}}
"""Names that the compared day must have: at first all customers are new, and some exports have neither
discounts nor returns."""
LONGEST_NAME = 40
NAMELESS = (terms.UNALLOCATED, "ZZ", "")
"""What belongs to no category, country or product."""
COSTS = ("discounts", "returns")
"""Amounts that reduce net sales: a negative contribution of theirs is a rise."""


def drivers_of(changes: LikeForLike) -> list[Driver]:
    """Return at most `MOST_DRIVERS`, the largest first; together with the rest they are the change."""
    least = SMALLEST_PART * max(abs(changes.now), abs(changes.before))
    dimension = _most_concentrated(changes, least)
    rows = _large(changes, dimension, least)
    drivers = [_driver(changes, dimension, row, least) for row in rows]
    drivers.sort(key=lambda driver: (-abs(driver.change), driver.name))
    return drivers[:MOST_DRIVERS]


def _large(changes: LikeForLike, dimension: str, least: Decimal) -> list[Contribution]:
    """Return the contributions of a dimension that are at least `least`, the largest first."""
    return [
        row
        for row in getattr(changes, FIELDS[dimension])
        if abs(row.change) >= least > 0 and row.name not in NAMELESS
    ]


def _most_concentrated(changes: LikeForLike, least: Decimal) -> str:
    """Return the dimension whose change is concentrated on the fewest of its names; `PRODUCT` where no other
    has a large contribution. That gross sales have changed explains nothing, and neither does a dimension
    whose largest contribution has no name."""
    spreads = {}
    for dimension, field in FIELDS.items():
        contributions = getattr(changes, field)
        rows = _large(changes, dimension, least)
        if dimension == PRODUCT or len(contributions) < 2 or not rows:
            continue
        # Names with a small part of the change would explain it instead.
        has_name = contributions[0].name not in NAMELESS
        is_gross = (dimension, rows[0].name) == ("measure", "gross_sales")
        sold_before = {row.name for row in contributions if row.before}
        if has_name and not is_gross and NEEDED.get(dimension, set()) <= sold_before:
            changed = _effective_number(row.change for row in contributions)
            sold = _effective_number(
                abs(row.before) + abs(row.now) for row in contributions
            )
            spreads[dimension] = changed / sold
    return min(spreads, key=spreads.__getitem__, default=PRODUCT)


def _effective_number(amounts: Iterable[Decimal]) -> Decimal:
    """Return how many equal amounts would be as concentrated: 1 where all others are 0."""
    sizes = [abs(amount) for amount in amounts]
    total = sum(sizes, ZERO)
    return total * total / sum((size * size for size in sizes), ZERO)


def _driver(
    changes: LikeForLike,
    dimension: str,
    contribution: Contribution,
    least: Decimal,
) -> Driver:
    names = {}
    product = None
    if dimension == CATEGORY:
        product = _product_of(changes, contribution)
    if product:
        share = product.change / contribution.change
        if share < EXPLAINS or abs(product.change) < least:
            names["product"] = _label(PRODUCT, product)
        else:
            names["category"] = contribution.name
            dimension = PRODUCT
            contribution = product
    return Driver(
        dimension=dimension,
        name=contribution.name,
        label=_label(dimension, contribution),
        change=contribution.change,
        **names,
    )


def _product_of(changes: LikeForLike, category: Contribution) -> Contribution | None:
    """Return the product with most of a category's change, but not more than all of it."""
    for product in changes.products:
        if product.parent == category.name and product.name:
            share = product.change / category.change
            if MOST_OF_IT <= share <= 1:
                return product
    return None


def is_cost(dimension: str, name: str) -> bool:
    """Return whether a name is of `COSTS`; a channel, a category or a product may have the same name."""
    return dimension in ("measure", "customers") and name in COSTS


def _label(dimension: str, contribution: Contribution) -> str:
    name = contribution.name
    if dimension == PRODUCT:
        return text.clean(contribution.label or name, LONGEST_NAME)
    if dimension in LABELS:
        return text.clean(LABELS[dimension](name), LONGEST_NAME)
    if not is_cost(dimension, name):
        return NAMES[name]
    direction = "higher" if contribution.change < 0 else "lower"
    return f"{direction} {NAMES[name]}"
