"""The sources of the daily sales run, and what several sources use to read. To add a kind of system, write a
module with a `Platform`, and add it to `PLATFORMS`; to add a shop, name it in SHOPS."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from ecommerce.core.errors import ConfigurationError
from ecommerce.core.settings import SHOPS_EXAMPLE, ShopSettings, load_settings
from ecommerce.sources import partner_layouts
from ecommerce.sources.exchange_rates import EXCHANGE_RATES
from ecommerce.sources.partner_files import PARTNER_FILES
from ecommerce.sources.sales_db import SALES_DB
from ecommerce.sources.shopify import SHOPIFY
from ecommerce.sources.source import Platform, Source
from ecommerce.sources.storefront import STOREFRONT

__all__ = [
    "EXCHANGE_RATES",
    "PARTNER_FILES",
    "PLATFORMS",
    "SALES_DB",
    "SHOPIFY",
    "SHOP_PLATFORMS",
    "STOREFRONT",
    "Platform",
    "Source",
    "configured_sources",
    "live_sources",
    "reserved_names",
]

PLATFORMS = (
    SALES_DB,
    STOREFRONT,
    SHOPIFY,
    PARTNER_FILES,
    EXCHANGE_RATES,
)
"""The tasks of the group `extract` are in this order."""

SHOP_PLATFORMS = [platform.name for platform in PLATFORMS if platform.has_shops]

OTHER_NAMES = {"web_events", "product_catalogue"}
"""The names of what other domains read live."""


def configured_sources() -> dict[str, Source]:
    """Return the sources of all platforms and shops by name; ConfigurationError where SHOPS is wrong."""
    return _by_name(ShopSettings.read().shops)


def live_sources() -> dict[str, Source]:
    """Return `configured_sources`, without any shop where SHOPS is wrong: every extract fails with its error,
    and no DAG is broken."""
    with suppress(ConfigurationError):
        return configured_sources()
    return _by_name({})


def reserved_names() -> set[str]:
    """Return the names of everything that is read live; no export may have one of them."""
    return {*live_sources(), *OTHER_NAMES}


def check_names() -> None:
    """Raise ConfigurationError where SHOPS is wrong, or a shop has the name of a partner, which is the
    channel of its files."""
    shops = configured_sources().keys() - _by_name({})
    if shops:
        expected = load_settings().expected_partners or {}
        partners = {*expected, *partner_layouts.partner_layouts()}
        for name in sorted(partners & shops):
            raise _invalid(f"there is a partner {name}")


def _by_name(shops: Mapping[str, Sequence[str]]) -> dict[str, Source]:
    """Return the platforms' own sources, each followed by its shops; ConfigurationError where a name is
    unknown or taken."""
    for name in shops:
        if name not in SHOP_PLATFORMS:
            raise _invalid(f"{name} is none of {', '.join(SHOP_PLATFORMS)}")
    sources: dict[str, Source] = {}
    for platform in PLATFORMS:
        for shop in ("", *shops.get(platform.name, ())):
            source = platform.source(shop)
            if source.name in sources or source.name in OTHER_NAMES:
                raise _invalid(f"there is another source {source.name}")
            sources[source.name] = source
    return sources


def _invalid(problem: str) -> ConfigurationError:
    return ConfigurationError(f"SHOPS: {problem}; an example is {SHOPS_EXAMPLE}")
