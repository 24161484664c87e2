"""The drivers of a period: the names and products whose change of net sales is largest in either direction.
Each dimension divides the same change, so drivers of several do not add up."""

from operator import itemgetter

from more_itertools import unique_everseen

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
    least = SMALLEST_PART * max(abs(figures.value("net_sales")), abs(before))
    changes = []
    for dimension in dimensions_of(figures):
        for row in dimension.rows(figures):
            label = dimension.label(row.name)
            changes.append((dimension.name, row.name, label, row.change))
    for product in (*figures.rising, *figures.falling):
        label = product_name(product)
        changes.append((PRODUCT, product.sku, label, product.change))
    large = []
    # A shop may be a channel, too.
    for kind, name, label, change in unique_everseen(changes, key=itemgetter(2, 3)):
        if abs(change) >= least > 0 and name not in NAMELESS:
            driver = Driver(dimension=kind, name=name, label=label, change=change)
            large.append(driver)
    return sorted(large, key=lambda driver: (-abs(driver.change), driver.name))
