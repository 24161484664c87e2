"""The sales of the day by channel, category, country, shop and an attribute of the orders."""

from decimal import Decimal

from ecommerce.reporting.parts import Part
from ecommerce.sales.day_queries import DayQueries


class Breakdown(Part):
    """The sales of one channel, category, country, shop or attribute. `orders` is None where it has no
    meaning: an order with two categories cannot be counted under one."""

    name: str
    orders: int | None
    units: Decimal
    gross_sales: Decimal
    discounts: Decimal
    returns: Decimal
    net_sales: Decimal


class Breakdowns(Part):
    """The breakdowns, largest net sales first. `shops` is that by source, where SHOPS names any; `attributes`
    that by `attribute`, which is `REPORT_ATTRIBUTE`."""

    channels: list[Breakdown]
    categories: list[Breakdown]
    countries: list[Breakdown]
    shops: list[Breakdown] = []
    attribute: str | None = None
    attributes: list[Breakdown] = []


def read(queries: DayQueries) -> Breakdowns:
    """Return the breakdowns."""
    attribute = queries.settings.report_attribute
    shops = queries.breakdown("shop") if queries.settings.shop_names else []
    attributes = []
    if attribute:
        attributes = queries.rows("attributes", days=queries.order_days)
    return Breakdowns(
        channels=Breakdown.list_of(queries.breakdown("channel")),
        categories=Breakdown.list_of(queries.breakdown("category")),
        countries=Breakdown.list_of(queries.breakdown("country")),
        shops=Breakdown.list_of(shops),
        attribute=attribute,
        attributes=Breakdown.list_of(attributes),
    )
