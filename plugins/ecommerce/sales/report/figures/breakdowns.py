"""Breakdowns of a day's sales: by channel, category, country, attribute and, without a rate, currency."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from ecommerce.sales.report.figures.base import ZERO, Row, rounded_parts
from ecommerce.sales.report.figures.forecast_comparison import CATEGORY, CHANNEL, TOTAL
from ecommerce.sales.report.figures.model import AMOUNTS, Breakdown, Figures
from ecommerce.sales.report.figures.quality import Unconverted

NO_ATTRIBUTE = "(none)"


def gross_sales_by_series(figures: Figures) -> dict[str, Decimal]:
    """Return the day's gross sales in reporting currency, by the series that forecasts have."""
    total = {TOTAL: figures.headline["gross_sales"].value or ZERO}
    parts = (
        (CHANNEL, figures.channels),
        (CATEGORY, figures.categories),
    )
    return total | {f"{kind}:{row.name}": row.gross_sales for kind, rows in parts for row in rows}


def breakdown(sales: Iterable[Row], column: str, orders: Mapping[str, int] | None) -> list[Breakdown]:
    """Return the sales by `column`, largest net sales first; unconverted amounts count as units only.

    Args:
        sales: rows of `sales.sql`.
        column: one of their columns.
        orders: the number of orders by the same column; None where an order has no single value of it.
    """
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in sales:
        entry = sums[row[column]]
        entry["units"] += row["units"]
        for figure in AMOUNTS:
            entry[figure] += row[f"{figure}_reporting"] or 0
    rows = [
        Breakdown(name=name, orders=None if orders is None else orders.get(name, 0), **entry)
        for name, entry in sums.items()
    ]
    return sorted(rows, key=lambda row: (-row.net_sales, row.name))


def attributes(rows: Iterable[Row]) -> list[Breakdown]:
    """Return the sales by an attribute of the orders, largest net sales first; rounded so that the rows add
    up to the headline."""
    some = list(rows)
    amounts = {figure: list(rounded_parts(row[figure] or Decimal(0) for row in some)) for figure in AMOUNTS}
    values = [
        Breakdown(
            name=NO_ATTRIBUTE if row["attribute"] is None else row["attribute"],
            orders=row["orders"],
            units=row["units"],
            **{figure: amounts[figure][place] for figure in AMOUNTS},
        )
        for place, row in enumerate(some)
    ]
    return sorted(values, key=lambda row: (-row.net_sales, row.name))


def orders_by(orders: Iterable[Row], column: str) -> dict[str, int]:
    """Return the number of orders by `column` of the rows of `orders.sql`."""
    counts: dict[str, int] = defaultdict(int)
    for row in orders:
        counts[row[column]] += row["orders"]
    return counts


def unconverted_amounts(sales: Iterable[Row], orders: Iterable[Row]) -> list[Unconverted]:
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
