"""The sources of the daily sales run, and what several sources use to read. To add one, write a module with a
`Source`, and add it to `SOURCES`."""

from ecommerce.sources.exchange_rates import EXCHANGE_RATES
from ecommerce.sources.partner_files import PARTNER_FILES
from ecommerce.sources.sales_db import SALES_DB
from ecommerce.sources.shopify import SHOPIFY
from ecommerce.sources.source import Source
from ecommerce.sources.storefront import STOREFRONT

__all__ = [
    "EXCHANGE_RATES",
    "PARTNER_FILES",
    "SALES_DB",
    "SHOPIFY",
    "SOURCES",
    "STOREFRONT",
    "Source",
]

SOURCES = {
    source.name: source
    for source in (
        SALES_DB,
        STOREFRONT,
        SHOPIFY,
        PARTNER_FILES,
        EXCHANGE_RATES,
    )
}
"""By name: the tasks of the group `extract`, in this order, and the keys of the Variable `source_policy`."""

RESERVED_NAMES = {*SOURCES, "web_events", "product_catalogue"}
"""The names of everything that is read live; no export may have one of them."""
