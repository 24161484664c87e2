"""How the days of a month stand: what the warehouse says of them now, and what was mailed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from importlib import import_module
from typing import Protocol

from ecommerce.warehouse.client import Warehouse

TOLERANCE = Decimal("0.005")
"""A figure that differs by less is the same: it is the bound of restatements."""


class Standing(Protocol):
    """One day, as `ecommerce.sales.restated.standing` gives it. Amounts are in reporting currency; `mailed`
    has the figures of the report mailed last, by their names, and is empty where none was."""

    business_date: date
    net_sales: Decimal
    orders: int
    average_order_value: Decimal | None
    customers: int
    complete: bool
    missing_sources: Sequence[str]
    mailed_at: datetime | None
    mailed: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Days:
    """Some days in the warehouse: those that are there, how often each was mailed, and the first and last day
    of which it has figures at all."""

    days: Mapping[date, Standing] = field(default_factory=dict)
    mails: Mapping[date, int] = field(default_factory=dict)
    first: date | None = None
    last: date | None = None


def read(warehouse: Warehouse, first: date, last: date) -> Days:
    """The days from `first` to `last`.

    Raises:
        PipelineError: the warehouse cannot be asked.
    """
    found = of_days(warehouse, first, last)
    mails = warehouse.query("report/pages/mailings.sql", first=first, day=last)
    [bounds] = warehouse.query("report/pages/loaded_days.sql")
    return Days(
        {each.business_date: each for each in found},
        {row["business_date"]: row["mails"] for row in mails},
        bounds["first_day"],
        bounds["last_day"],
    )


def of_days(warehouse: Warehouse, first: date, last: date) -> Sequence[Standing]:
    """As `ecommerce.sales.restated.standing`."""
    found: Sequence[Standing] = import_module("ecommerce.sales.restated").standing(warehouse, first, last)
    return found


def changed(day: Standing) -> dict[str, tuple[Decimal, Decimal]]:
    """The figures that are not what was mailed: before and now, by their names."""
    found = {}
    for name, before in day.mailed.items():
        now = getattr(day, name, None)
        if now is not None and abs(Decimal(now) - before) > TOLERANCE:
            found[name] = (before, Decimal(now))
    return found
