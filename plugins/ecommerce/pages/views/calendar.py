"""*Sales reports*: a month of business days as a calendar and as a list, each with its status."""

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from fastapi import APIRouter, Depends, HTTPException, Response

from ecommerce.core import text as wording
from ecommerce.pages import access, responses
from ecommerce.pages.access import PageRequest, PageRequestDep
from ecommerce.pages.day_status import (
    OPEN,
    WAITING,
    Days,
    Status,
    load_days,
    status_of,
)
from ecommerce.pages.responses import Texts
from ecommerce.pages.runs import Run
from ecommerce.sales.report import archive
from ecommerce.sales.report.figures.model import HEADLINE

router = APIRouter(dependencies=[Depends(access.reads_sales)])

LISTED = ("net_sales", "orders", "average_order_value", "customers")
"""The headline figures of the list; all are fields of `DayState`."""


@dataclass(frozen=True)
class MonthData:
    """What is known of a month, given by its first and last day: the days in the warehouse (none where
    `failed` explains why), the days with an archived report, and each day's newest run."""

    first: date
    last: date
    days: Days
    archived: list[date]
    runs: Mapping[date, Run]
    failed: str


@dataclass
class Entry:
    """A day with a status, as texts. `net_sales` fits a cell of the calendar; `figures` are those `LISTED`;
    `missing` are the names of sources and partners without orders of the day."""

    date: date
    name: str
    status: Status
    archived: bool
    restated: bool = False
    net_sales: str = ""
    figures: list[str] = field(default_factory=lambda: [wording.NOTHING] * len(LISTED))
    missing: list[str] = field(default_factory=list)


# A plain function: FastAPI runs it in a thread, so slow storage delays no other page.
@router.get("/")
def show(page: PageRequestDep, month: str = "") -> Response:
    """Show a month such as `2026-11`, by default the newest one."""
    first = page.newest.replace(day=1)
    if month:
        if not re.fullmatch(r"[12]\d{3}-(0[1-9]|1[0-2])", month):
            raise HTTPException(422, "Months are written like 2026-11.")
        first = date.fromisoformat(f"{month}-01")
    texts = page_texts(load_month(page, first), page)
    title = f"Sales reports, {texts['called']}"
    return responses.page(page.request, "calendar.html", title, texts)


def load_month(page: PageRequest, first: date) -> MonthData:
    """Load what is known of the month that begins at `first`."""
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    days, failed = page.warehouse.run(
        lambda warehouse: load_days(warehouse, first, last)
    )
    archived = archive.archived_days(page.settings.reports_uri, first.year, first.month)
    runs = page.runs.between(first, last)
    return MonthData(first, last, days or Days(), archived, runs, failed)


def page_texts(data: MonthData, page: PageRequest) -> Texts:
    """Return the texts of the page."""
    month = data.first
    next_month = data.last + timedelta(days=1)
    entries = {}
    for number in range(data.last.day):
        entry = _entry(month + timedelta(days=number), data, page)
        if entry:
            entries[entry.date] = entry
    return {
        "section": "Sales reports",
        "called": wording.month(month),
        "month": month,
        "previous": month - timedelta(days=1),
        "next": next_month if next_month <= page.newest else None,
        "month_name": wording.month,
        "weekday": wording.weekday,
        "short_weekday": wording.short_weekday,
        "weeks": calendar.Calendar().monthdatescalendar(month.year, month.month),
        "entries": entries,
        "labels": [HEADLINE[name].label for name in LISTED],
        "currency": page.settings.reporting_currency,
        "legend": list(dict.fromkeys(entry.status for entry in entries.values())),
        "failed": data.failed,
        "nothing_yet": not entries and not data.days.first and not data.failed,
    }


def _entry(day: date, data: MonthData, page: PageRequest) -> Entry | None:
    archived = day in data.archived
    days = None if data.failed else data.days
    status = status_of(day, page, data.runs.get(day), days, archived=archived)
    if status is None:
        return None
    entry = Entry(day, wording.short_day(day), status, archived)
    loaded = data.days.days.get(day)
    if loaded is None:
        return entry
    net_sales = loaded.figure("net_sales")
    if net_sales is not None:
        # Three digits: a cell of the calendar has room for no more.
        entry.net_sales = wording.compact(float(f"{net_sales:.3g}"))
    entry.restated = bool(loaded.mailed)
    entry.figures.clear()
    for name in LISTED:
        kind = HEADLINE[name].kind
        currency = page.settings.reporting_currency
        entry.figures.append(wording.figure(loaded.figure(name), kind, currency))
    if status not in (OPEN, WAITING):
        for source in [*loaded.missing_sources, *loaded.empty_sources]:
            # A partner is named `<source>: <partner>`.
            name, _, partner = source.partition(": ")
            entry.missing.append(wording.clean(partner) or wording.source_name(name))
    return entry
