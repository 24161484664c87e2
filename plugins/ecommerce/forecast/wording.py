"""Names of series and figures as the report and the mails write them."""

from decimal import Decimal

from ecommerce.core import text

TOTAL = "total"
KIND_NAMES = {"category": "Categories", "channel": "Channels", "sku": "Products"}
KINDS = tuple(KIND_NAMES)
_SINGULAR = {TOTAL: "", "category": "Category", "channel": "Channel", "sku": "Product"}


def series_name(series: str) -> str:
    """Return the display name of a series: the category, the channel, the SKU."""
    kind, _, of_kind = series.partition(":")
    if series == TOTAL:
        return "Total"
    return text.source_name(of_kind) if kind == "channel" else text.clean(of_kind)


def kind_of(series: str) -> str:
    """Return the kind whose panel a series belongs to; ValueError for an unknown one."""
    kind, _, name = series.partition(":")
    if series != TOTAL and (kind not in KINDS or not name):
        raise ValueError(f"{series!r} is not a series: use total, category:…, channel:… or sku:…")
    return "category" if series == TOTAL else kind


def kind_label(series: str) -> str:
    """Return the display name of a series' kind; empty for the total."""
    return _SINGULAR[series.partition(":")[0]]


def kind_name(kind: str) -> str:
    """Return the plural name of a kind of series."""
    return "Total" if kind == TOTAL else KIND_NAMES[kind]


def percent(part: Decimal | float | None) -> str:
    """Format a share of 1; a dash for None."""
    return text.NOTHING if part is None else text.share(Decimal(str(part)), Decimal(1))


def signed_percent(part: Decimal | float | None) -> str:
    """Format a share of 1 with its sign; a dash for None."""
    return text.NOTHING if part is None else text.change(1 + Decimal(str(part)), Decimal(1))
