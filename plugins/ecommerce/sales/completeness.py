"""Business days that may be incomplete although every source was read: a source or a partner has no orders,
or few, on a day on which it usually has many. Partners are named `partner_files: <partner>`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import NamedTuple

from ecommerce.sources import PARTNER_FILES
from ecommerce.sources.partner_files.expected_partners import WEEKS, doubtful_partners
from ecommerce.warehouse.client import Warehouse

FEW = 5
"""Partners whose files have fewer orders may well have a day without any."""


class Unusual(NamedTuple):
    """Sources and partners by business day, in alphabetical order: those without orders, and those with fewer
    than a quarter of the weekday's usual sales."""

    empty: dict[date, list[str]]
    few: dict[date, list[str]]


def unusual_sources(warehouse: Warehouse, days: Collection[date], required: Collection[str]) -> Unusual:
    """Return the `required` sources, and their partners, that have unusually few orders on `days`. A source
    is named where none of its partners is.

    Args:
        warehouse: where to look.
        days: the business days.
        required: the sources that are judged.

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
    """Return the partners whose orders of `day` may be missing, sorted: those that deliver on most days and
    have no file for this day, or a file without orders although their others have `FEW` or more. A missing
    file that was due makes the day incomplete, too.

    Args:
        warehouse: where to look.
        day: the business day.
        required: the sources that are judged; without partner files, no partner is doubtful.

    Raises:
        PipelineError: as `Warehouse.query`.
    """
    if PARTNER_FILES not in required or warehouse.settings.expected_partners is not None:
        return []
    rows = warehouse.query("report/daily_sales/partner_days.sql", first=day - timedelta(weeks=WEEKS), day=day)
    orders = {(row["partner"], date.fromisoformat(row["delivered_for"])): row["orders"] for row in rows}
    of_day = {partner: count for (partner, delivered_for), count in orders.items() if delivered_for == day}
    without_file = {each for each in doubtful_partners(day, orders) if each not in of_day}
    usually_many = doubtful_partners(day, (each for each, count in orders.items() if count >= FEW))
    doubtful = without_file | {each for each in usually_many if of_day.get(each) == 0}
    return [f"{PARTNER_FILES}: {each}" for each in sorted(doubtful)]
