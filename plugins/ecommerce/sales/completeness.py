"""Days that are not complete, or may not be, although every source was read: a source or a partner that
usually has many orders has none, or few.

The tables record what was read (`daily_summary.complete`); reports and pages ask here what it is worth.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import NamedTuple

from ecommerce.sources import PARTNER_FILES
from ecommerce.sources.partner_files.expected_partners import WEEKS, doubtful_partners
from ecommerce.warehouse.client import Warehouse

FEW = 5
"""A file of a day with fewer orders makes no habit: another day may well have none."""


class Unusual(NamedTuple):
    """Sources and partners (`partner_files: <partner>`) by business day, in alphabetical order: those without
    an order, and those with fewer than a quarter of the sales that the weekday usually has."""

    empty: dict[date, list[str]]
    few: dict[date, list[str]]


def unusual_sources(warehouse: Warehouse, days: Collection[date], required: Collection[str]) -> Unusual:
    """Return the sources and partners that have unusually few orders on `days`; days without any are not in
    it. Only `required` sources are judged: of another one it means nothing that it has no order. A source is
    named where none of its partners is.

    Raises:
        PipelineError: as `Warehouse.query`.
    """
    unusual = Unusual({}, {})
    if not (days and required):
        return unusual
    for row in warehouse.query("report/daily_sales/low_order_counts.sql", days=days):
        if row["source"] in required:
            by_day = unusual.empty if row["is_empty"] else unusual.few
            by_day.setdefault(row["business_date"], []).append(row["name"])
    return unusual


def doubtful_partners_of(warehouse: Warehouse, day: date, required: Collection[str]) -> list[str]:
    """Return the partners (`partner_files: <partner>`) whose orders of `day` may be missing, sorted: they
    deliver on most days, and for this day there is no file, or one without any order although the others have
    `FEW` or more. Whether the delivery was due, and so makes the day incomplete, is another question.

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
    doubtful = without_file | {each for each in empty if of_day.get(each) == 0}
    return [f"{PARTNER_FILES}: {each}" for each in sorted(doubtful)]
