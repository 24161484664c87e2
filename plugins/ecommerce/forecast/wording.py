"""Names of series and figures as the report and the mails write them."""

from collections.abc import Mapping
from decimal import Decimal

from ecommerce.core import text

TOTAL = "total"
KIND_NAMES = {"category": "Category", "channel": "Channel", "sku": "Product"}
KINDS = tuple(KIND_NAMES)


def series_name(series: str, products: Mapping[str, str]) -> str:
    """Return the display name of a series: the category, the channel, or `Canvas bag (BAG-1)`, where
    `products` has the names of products by SKU."""
    kind, _, of_kind = series.partition(":")
    if series == TOTAL:
        return "Total"
    if kind == "sku" and (product := text.clean(products.get(of_kind))):
        return f"{product} ({text.clean(of_kind)})"
    return text.source_name(of_kind) if kind == "channel" else text.clean(of_kind)


def kind_name(series: str) -> str:
    """Return the display name of a series' kind; empty for the total."""
    return KIND_NAMES.get(series.partition(":")[0], "")


def signed_percent(part: Decimal | float | None) -> str:
    """Format a share of 1 with its sign; a dash for None."""
    return (
        text.NOTHING
        if part is None
        else text.change(1 + Decimal(str(part)), Decimal(1))
    )
