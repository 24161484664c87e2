"""The drivers of a period: the names and products whose change is largest in the direction of the change of
net sales. Each dimension divides the same change, so drivers of several do not add up."""

from collections.abc import Iterator
from operator import attrgetter

from more_itertools import unique_everseen

from ecommerce.reporting.parts import ZERO
from ecommerce.sales.periods.figures import PeriodFigures
from ecommerce.sales.report.figures.summary import Driver
from ecommerce.sales.report.texts.base import (
    CATEGORY,
    CHANNEL,
    COUNTRY,
    SHOP,
    Dimension,
)
from ecommerce.sales.report.texts.drivers import (
    NAMELESS,
    PRODUCT,
    SMALLEST_PART,
)
from ecommerce.sales.report.texts.products import product_name

DIMENSIONS = (SHOP, COUNTRY, CHANNEL, CATEGORY)
"""In reading order."""


def dimensions_of(figures: PeriodFigures) -> list[Dimension]:
    """Return the dimensions by which the sales are divided: those with several names, and shops where they
    are not the channels."""
    channels = {row.name for row in figures.channels}
    divided = []
    for dimension in DIMENSIONS:
        names = {row.name for row in dimension.rows(figures)}
        is_repeated = dimension is SHOP and names == channels
        if len(names) > 1 and not is_repeated:
            divided.append(dimension)
    return divided


def drivers(figures: PeriodFigures) -> list[Driver]:
    """Return the drivers, the largest first; none where net sales have no period to compare with."""
    before = figures.headline["net_sales"].before
    if before is None or figures.unfinished:
        return []
    net_sales = figures.value("net_sales")
    least = SMALLEST_PART * max(abs(net_sales), abs(before))
    large = []
    # A shop may be a channel, too.
    for driver in unique_everseen(_changes(figures), key=attrgetter("label", "change")):
        is_large = abs(driver.change) >= least > 0
        has_direction = driver.change * (net_sales - before) > 0
        if is_large and has_direction and driver.name not in NAMELESS:
            large.append(driver)
    return sorted(large, key=lambda driver: (-abs(driver.change), driver.name))


def _changes(figures: PeriodFigures) -> Iterator[Driver]:
    """Yield the change of each name and product; those of products are the largest alone."""
    for dimension in dimensions_of(figures):
        for row in dimension.rows(figures):
            change = row.net_sales - (row.before or ZERO)
            yield Driver(
                dimension=dimension.name,
                name=row.name,
                label=dimension.label(row.name),
                change=change,
            )
    for product in (*figures.rising, *figures.falling):
        change = product.sales - (product.before or ZERO)
        yield Driver(
            dimension=PRODUCT,
            name=product.sku,
            label=product_name(product),
            change=change,
        )
