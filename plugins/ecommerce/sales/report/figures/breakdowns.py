"""The sales of the day by channel, category, country and an attribute of the orders."""

from decimal import Decimal

from ecommerce.reporting.parts import Part
from ecommerce.sales.day_queries import DayQueries


class Breakdown(Part):
    """One channel's, category's, country's or attribute's sales. `orders` is None where it has no meaning: an
    order with two categories cannot be counted under one."""

    name: str
    orders: int | None
    units: Decimal
    gross_sales: Decimal
    discounts: Decimal
    returns: Decimal
    net_sales: Decimal


class Breakdowns(Part):
    """The breakdowns, largest net sales first. `attributes` is that by `attribute`, which is
    `REPORT_ATTRIBUTE`."""

    channels: list[Breakdown]
    categories: list[Breakdown]
    countries: list[Breakdown]
    attribute: str | None = None
    attributes: list[Breakdown] = []


def read(queries: DayQueries) -> Breakdowns:
    """Return the breakdowns."""
    attribute = queries.settings.report_attribute
    attributes = []
    if attribute:
        rows = queries.rows("attributes", days=queries.order_days)
        attributes = Breakdown.list_of(rows)
    return Breakdowns(
        channels=Breakdown.list_of(queries.breakdown("channel")),
        categories=Breakdown.list_of(queries.breakdown("category")),
        countries=Breakdown.list_of(queries.breakdown("country")),
        attribute=attribute,
        attributes=attributes,
    )
