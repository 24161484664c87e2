"""Days that are not complete, or may not be, although every source was read: a source or a partner that
usually has many orders has none.

The tables record what was read (`daily_summary.complete`); reports and pages ask here what it is worth.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from ecommerce.sources import PARTNER_FILES
from ecommerce.sources.partner_files.expected import WEEKS, doubtful_partners
from ecommerce.warehouse.client import Warehouse

FEW = 5
"""A file of a day with fewer orders makes no habit: another day may well have none."""


def empty_sources(
    warehouse: Warehouse, days: Collection[date], required: Collection[str]
) -> dict[date, list[str]]:
    """Return the sources and partners (`partner_files: <partner>`) that are unusually empty, in alphabetical
    order, by business day; days without any are not in it. Only `required` sources are judged: of another one
    it means nothing that it has no order. A source is named where none of its partners is.

    Raises:
        PipelineError: as `Warehouse.query`.
    """
    empty: dict[date, list[str]] = {}
    if not (days and required):
        return empty
    for row in warehouse.query("report/daily_sales/unusually_empty.sql", days=days):
        if row["source"] in required:
            empty.setdefault(row["business_date"], []).append(row["name"])
    return empty


def doubtful_deliveries(warehouse: Warehouse, day: date, required: Collection[str]) -> list[str]:
    """Return the partners whose orders of `day` may be missing, sorted: they deliver on most days, and for
    this day there is no file, or one without any order although the others have `FEW` or more. Whether the
    delivery was due, and so makes the day incomplete, is another question.

    Raises:
        PipelineError: as `Warehouse.query`.
    """
    if PARTNER_FILES not in required or warehouse.settings.expected_partners is not None:
        return []
    rows = warehouse.query("report/daily_sales/partner_days.sql", first=day - timedelta(weeks=WEEKS), day=day)
    orders = {(row["partner"], date.fromisoformat(row["delivered_for"])): row["orders"] for row in rows}
    of_day = {partner: number for (partner, delivered_for), number in orders.items() if delivered_for == day}
    absent = doubtful_partners(day, orders)
    empty = doubtful_partners(day, (each for each, number in orders.items() if number >= FEW))
    without_file = {each for each in absent if each not in of_day}
    return sorted(without_file | {each for each in empty if of_day.get(each) == 0})
