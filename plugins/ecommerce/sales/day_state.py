"""The state of business days in the warehouse, compared with their last mailed reports.

The queries read three small tables: `daily_summary`, `report_deliveries` and `report_restatements`. Only the
search for unusually empty sources reads orders.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from ecommerce.sales.completeness import unusual_sources
from ecommerce.sales.report.figures.model import HEADLINE
from ecommerce.sales.report.figures.month import days_of
from ecommerce.sales.report.figures.restatements import Correction, differ
from ecommerce.sources import SOURCES
from ecommerce.warehouse.client import Warehouse, connect


@dataclass(frozen=True, slots=True)
class DayState:
    """A business day in the warehouse. `figures` are its headline figures by name (amounts in reporting
    currency), None without a value. The day is `complete` unless a source or a partner's file is in
    `missing_sources`, or a source in `empty_sources`, which unusually has no order. `mails` counts its mailed
    reports; `mailed` has the figures of the last one that have changed since."""

    business_date: date
    figures: Mapping[str, Decimal | None]
    complete: bool
    missing_sources: list[str] = field(default_factory=list)
    empty_sources: list[str] = field(default_factory=list)
    mails: int = 0
    mailed: Mapping[str, Decimal | None] = field(default_factory=dict)

    @property
    def is_restated(self) -> bool:
        """Whether a mailed figure has changed."""
        return bool(self.mailed)

    def figure(self, name: str) -> Decimal | None:
        """Return a headline figure; None for one that the warehouse does not keep."""
        return self.figures.get(name)


def load_day_states(
    warehouse: Warehouse, first: date, last: date, required: Collection[str] = SOURCES
) -> list[DayState]:
    """Return the days in the warehouse, the earliest first.

    Args:
        warehouse: where to look.
        first: the first day.
        last: the last day, included.
        required: the sources whose orders make a day complete.

    Raises:
        PipelineError: as `Warehouse.query`.
    """
    empty = unusual_sources(warehouse, list(days_of(first, last)), required).empty
    mailed: dict[date, dict[str, Decimal | None]] = {}
    for row in warehouse.query("report/day_status/mailed_figures.sql", first=first, day=last):
        mailed.setdefault(row["business_date"], {})[row["figure"]] = row["mailed_value"]
    deliveries = warehouse.query("report/day_status/deliveries.sql", first=first, day=last)
    mails = Counter(row["business_date"] for row in deliveries)
    days = []
    for row in warehouse.query("report/day_status/figures.sql", first=first, day=last):
        day = row["business_date"]
        figures = {
            name: None if row[name] is None else Decimal(row[name]) for name in HEADLINE if name in row
        }
        old = mailed.get(day, {})
        days.append(
            DayState(
                day,
                figures,
                complete=bool(row["complete"]) and day not in empty,
                missing_sources=list(row["missing_sources"] or ()),
                empty_sources=empty.get(day, []),
                mails=mails[day],
                mailed={
                    name: old[name]
                    for name in HEADLINE
                    if name in old and differ(old[name], figures.get(name))
                },
            )
        )
    return days


def corrections(
    day: date, headline: Mapping[str, str | None], warehouse: Warehouse | None = None
) -> list[Correction] | None:
    """Return the figures that a report corrects, in the headline's order; None where no report of the day was
    mailed. An empty list: other figures have changed, or whether the day is complete.

    Args:
        day: the business day.
        headline: the report's figures as decimal texts, by their names in `HEADLINE`.
        warehouse: opened from the connection when not given.

    Raises:
        PipelineError: as `Warehouse.query`.
    """
    # No required source: its figures do not depend on whether the day is complete.
    states = load_day_states(warehouse or connect(step="corrections"), day, day, required=())
    if not states or not states[0].mails:
        return None
    stored = states[0].figures
    mailed = {**stored, **states[0].mailed}
    reported = {name: None if text is None else Decimal(text) for name, text in headline.items()}
    return [
        Correction(name, mailed[name], now)
        for name in HEADLINE
        if name in stored and differ(mailed[name], now := reported.get(name, stored[name]))
    ]
