"""Breakdowns of a day's sales: by channel, category, country, attribute and, without a rate, currency; and of
its returns by reason."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from ecommerce.core.email_masking import mask_e_mails
from ecommerce.core.text import clean
from ecommerce.sales.report.figures.base import (
    CATEGORY,
    CHANNEL,
    ZERO,
    Row,
    rounded_parts,
)
from ecommerce.sales.report.figures.forecast import TOTAL
from ecommerce.sales.report.figures.model import (
    AMOUNTS,
    Breakdown,
    Figures,
    ReturnReason,
)
from ecommerce.sales.report.figures.quality import Unconverted

NO_ATTRIBUTE = "(none)"


def gross_sales_by_series(figures: Figures) -> dict[str, Decimal]:
    """Return the day's gross sales in reporting currency, by the series that forecasts have."""
    series = {TOTAL: figures.headline["gross_sales"].value or ZERO}
    for kind in (CHANNEL, CATEGORY):
        series |= {
            f"{kind.name}:{row.name}": row.gross_sales for row in kind.rows(figures)
        }
    return series


def breakdown(
    sales: Iterable[Row], column: str, orders: Iterable[Row] | None
) -> list[Breakdown]:
    """Return the sales by one of the columns of `sales.sql`, largest net sales first; unconverted amounts
    count as units only. `orders` are rows of `orders.sql`; None where an order has no single value of the
    column."""
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in sales:
        entry = sums[row[column]]
        entry["units"] += row["units"]
        for figure in AMOUNTS:
            entry[figure] += row[f"{figure}_reporting"] or 0
    counts = None if orders is None else orders_by(orders, column)
    rows = [
        Breakdown(
            name=name, orders=None if counts is None else counts.get(name, 0), **entry
        )
        for name, entry in sums.items()
    ]
    return sorted(rows, key=lambda row: (-row.net_sales, row.name))


def attributes(rows: Sequence[Row]) -> list[Breakdown]:
    """Return the sales by an attribute of the orders, largest net sales first; rounded so that the rows add
    up to the headline."""
    # Lists: a generator would read every figure as the last one.
    amounts = [
        list(rounded_parts(row[figure] or ZERO for row in rows)) for figure in AMOUNTS
    ]
    values = [
        Breakdown.of(
            row,
            name=NO_ATTRIBUTE if row["attribute"] is None else row["attribute"],
            **dict(zip(AMOUNTS, parts, strict=True)),
        )
        for row, *parts in zip(rows, *amounts, strict=True)
    ]
    return sorted(values, key=lambda row: (-row.net_sales, row.name))


def orders_by(orders: Iterable[Row], column: str) -> dict[str, int]:
    """Return the number of orders by `column` of the rows of `orders.sql`."""
    counts: dict[str, int] = defaultdict(int)
    for row in orders:
        counts[row[column]] += row["orders"]
    return counts


def unconverted_amounts(
    sales: Iterable[Row], orders: Iterable[Row]
) -> list[Unconverted]:
    """Return the amounts without an exchange rate, by currency."""
    counts = orders_by(orders, "currency")
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in sales:
        if row["net_sales_reporting"] is None:
            for figure in AMOUNTS:
                sums[row["currency"]][figure] += row[figure]
    # All orders of a day in one currency have an exchange rate, or none has.
    return [
        Unconverted(currency=currency, orders=counts.get(currency, 0), **sums[currency])
        for currency in sorted(sums)
    ]


def return_reasons(rows: Iterable[Row]) -> list[ReturnReason]:
    """Return the day's returns by the reason that the source gives, the largest first; together they are the
    headline's returns. `rows`: those of `return_reasons.sql`."""
    refunds: dict[str, int] = defaultdict(int)
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        reason = clean(
            mask_e_mails(row["reason"] or "")
        )  # a free text may hold personal data
        refunds[reason] += row["refunds"]
        amounts[reason] += row["amount"]
    ordered = sorted(amounts)
    rounded = zip(
        ordered, rounded_parts(amounts[reason] for reason in ordered), strict=True
    )
    reasons = [
        ReturnReason(reason=reason or None, refunds=refunds[reason], amount=amount)
        for reason, amount in rounded
    ]
    return sorted(reasons, key=lambda each: (-each.amount, each.reason or ""))
