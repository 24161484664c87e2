"""How business days stand now, beside what their last mailed report says.

Three small tables are asked, whatever the number of orders: `daily_summary`, `report_deliveries` and
`report_restatements`. Which sources are unusually empty, the orders' days and sources say.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from ecommerce.sales.completeness import unusual_sources
from ecommerce.sales.report.figures.model import HEADLINE
from ecommerce.sales.report.figures.month import days_of
from ecommerce.sales.report.figures.restatements import Correction, differ
from ecommerce.sources import SOURCES
from ecommerce.warehouse.client import Warehouse, connect


@dataclass(frozen=True, slots=True)
class Standing:
    """A business day in the warehouse: its headline figures (amounts in reporting currency), None where the
    day has none. `complete` as its report would say it now: `missing_sources` were not read, or a partner's
    file is missing, and `empty_sources` brought no order, which is unusual. `mailed_at` is when its last
    report went out (UTC), None where none did, and `mails` how many did; `mailed` has the figures that the
    last says otherwise, by their names."""

    business_date: date
    net_sales: Decimal | None
    orders: Decimal | None
    average_order_value: Decimal | None
    customers: Decimal | None
    gross_sales: Decimal | None
    discounts: Decimal | None
    returns: Decimal | None
    units: Decimal | None
    new_customers: Decimal | None
    returning_customers: Decimal | None
    tax: Decimal | None
    shipping: Decimal | None
    complete: bool
    missing_sources: list[str] = field(default_factory=list)
    empty_sources: list[str] = field(default_factory=list)
    mailed_at: datetime | None = None
    mails: int = 0
    mailed: Mapping[str, Decimal | None] = field(default_factory=dict)

    @property
    def is_restated(self) -> bool:
        """Whether a figure is another one than was mailed."""
        return bool(self.mailed)

    def figure(self, name: str) -> Decimal | None:
        """A headline figure by its name; None for one that the warehouse does not keep."""
        return getattr(self, name) if name in _FIGURES else None


_FIGURES = tuple(Standing.__dataclass_fields__)[1 : 1 + 12]


def standing(
    warehouse: Warehouse, first: date, last: date, required: Collection[str] = SOURCES
) -> list[Standing]:
    """The days from `first` to `last`, both included, that the warehouse knows; the earliest first.

    Args:
        required: the sources without which a day is not complete; of no other is it asked whether it is
            unusually empty.

    Raises:
        PipelineError: as `Warehouse.query`.
    """
    empty = unusual_sources(warehouse, list(days_of(first, last)), required).empty
    mailed: dict[date, dict[str, Decimal | None]] = {}
    for row in warehouse.query("report/day_status/mailed_figures.sql", first=first, day=last):
        mailed.setdefault(row["business_date"], {})[row["figure"]] = row["mailed_value"]
    sent = deliveries(warehouse, first, last)
    found = []
    for row in warehouse.query("report/day_status/figures.sql", first=first, day=last):
        day = row["business_date"]
        now = {name: None if row[name] is None else Decimal(row[name]) for name in _FIGURES}
        told = mailed.get(day, {})
        found.append(
            Standing(
                business_date=day,
                **now,
                complete=bool(row["complete"]) and day not in empty,
                missing_sources=list(row["missing_sources"] or ()),
                empty_sources=empty.get(day, []),
                mailed_at=sent[day][-1] if day in sent else None,
                mails=len(sent.get(day, ())),
                mailed={
                    name: told[name]
                    for name in HEADLINE
                    if name in told and differ(told[name], now.get(name))
                },
            )
        )
    return found


def deliveries(warehouse: Warehouse, first: date, last: date) -> dict[date, list[datetime]]:
    """When the reports of the days from `first` to `last`, both included, were mailed (UTC), by day; the
    earliest mail first. Days without a mail are not in it.

    Raises:
        PipelineError: as `Warehouse.query`.
    """
    found: dict[date, list[datetime]] = {}
    for row in warehouse.query("report/day_status/deliveries.sql", first=first, day=last):
        found.setdefault(row["business_date"], []).append(row["sent_at"])
    return found


def corrections(
    day: date, headline: Mapping[str, str | None] | None = None, warehouse: Warehouse | None = None
) -> list[Correction] | None:
    """What a report of `day` corrects of the last one mailed, in the headline's order; None where none was
    mailed. An empty list: other figures than the headline have changed, or whether the day is complete.

    Args:
        headline: what the report says, as decimal texts by the names of `figures.HEADLINE`; not given: the
            figures as they are now.
        warehouse: opened from the connection when not given.

    Raises:
        PipelineError: as `Warehouse.query`.
    """
    # Whether the day is complete changes none of its figures, so nobody asks which sources are empty.
    found = standing(warehouse or connect(step="corrections"), day, day, required=())
    if not found or found[0].mailed_at is None:
        return None
    (stands,) = found
    corrected = []
    for name in (each for each in HEADLINE if each in _FIGURES):
        now = stands.figure(name)
        if headline is not None and name in headline:
            text = headline[name]
            now = None if text is None else Decimal(text)
        mailed = stands.mailed.get(name, stands.figure(name))
        if differ(mailed, now):
            corrected.append(Correction(name, mailed, now))
    return corrected
