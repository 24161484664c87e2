"""Names of series and figures as the report and the mails write them."""

from ecommerce.core import text

Names = dict[str, str]
"""Such as those of products, by SKU."""
TOTAL = "total"
KIND_NAMES = {"category": "Category", "channel": "Channel", "sku": "Product"}


def series_name(series: str, products: Names) -> str:
    """Return the display name of a series: the category, the channel, or `Canvas bag (BAG-1)`, where
    `products` has the names of products by SKU."""
    if series == TOTAL:
        return "Total"
    kind, _, name = series.partition(":")
    if kind == "channel":
        return text.source_name(name)
    product = text.clean(products.get(name))
    if kind == "sku" and product:
        return f"{product} ({text.clean(name)})"
    return text.clean(name)
