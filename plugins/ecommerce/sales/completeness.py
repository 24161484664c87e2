"""Days that are not complete although every source was read: a source brought no order, and usually has many.

The tables say what was read (`daily_summary.complete`); reports and pages ask here what it is worth.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from ecommerce.warehouse.client import Warehouse


def empty_sources(
    warehouse: Warehouse, days: Collection[date], required: Collection[str]
) -> dict[date, list[str]]:
    """The sources that are unusually empty, in alphabetical order, by business day; days without any are not
    in it. Only `required` sources are judged: of another one it says nothing that it brought no order.

    Raises:
        PipelineError: as `Warehouse.query`.
    """
    found: dict[date, list[str]] = {}
    if not (days and required):
        return found
    for row in warehouse.query("report/daily_sales/unusually_empty.sql", days=days):
        if row["source"] in required:
            found.setdefault(row["business_date"], []).append(row["source"])
    return found
