"""*Sales reports*: a month of business days as a calendar and as a list, each with its status."""

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from fastapi import APIRouter, Depends, HTTPException, Response

from ecommerce.core import text as wording
from ecommerce.pages import access, responses
from ecommerce.pages.access import PageRequest, PageRequestDep
from ecommerce.pages.day_status import (
    HISTORY,
    LEGEND,
    OPEN,
    WAITING,
    Days,
    Status,
    load_days,
    status_of,
)
from ecommerce.pages.responses import Texts
from ecommerce.pages.runs import Run
from ecommerce.sales.day_state import DayState
from ecommerce.sales.report import archive
from ecommerce.sales.report.figures.model import HEADLINE

router = APIRouter(dependencies=[Depends(access.reads_sales)])

LISTED = ("net_sales", "orders", "average_order_value", "customers")
"""The headline figures of the list; all are fields of `DayState`."""


NAMES = {
    "month_name": wording.month,
    "short_month": wording.short_month,
    "weekday_name": wording.weekday,
    "short_weekday": wording.short_weekday,
}
"""Functions for the template, which return names in the report's locale."""


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
    `sources` says which were read, `missing` are the names of those that were not."""

    date: date
    name: str
    status: Status
    archived: bool
    restated: bool = False
    net_sales: str = ""
    figures: list[str] = field(default_factory=lambda: [wording.NOTHING] * len(LISTED))
    missing: list[str] = field(default_factory=list)
    sources: str = ""


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
    currency = page.settings.reporting_currency
    entries = {}
    for number in range(data.last.day):
        entry = _entry(month + timedelta(days=number), data, page)
        if entry:
            entries[entry.date] = entry
    used = {entry.status for entry in entries.values()}
    texts = {
        "section": "Sales reports",
        "called": wording.month(month),
        "entries": entries,
        "labels": [HEADLINE[name].label for name in LISTED],
        "currency": currency,
        "summary": _summary(data, currency),
        "legend": [status for status in LEGEND if status in used],
        "failed": data.failed,
        "nothing_yet": not entries and not data.days.first and not data.failed,
    }
    return texts | _navigation(data, page.newest)


def _navigation(data: MonthData, newest: date) -> Texts:
    """Return the days of the month, and the months and years to choose from: those with figures, and those
    next to this one."""
    month = data.first
    next_month = data.last + timedelta(days=1)
    months = [month.replace(month=number) for number in range(1, 13)]
    newest_year = max(newest.year, month.year)
    oldest_year = month.year - 1
    if data.days.first:
        oldest_year = min(data.days.first.year, month.year)
    return {
        "month": month,
        "weeks": calendar.Calendar().monthdatescalendar(month.year, month.month),
        "previous": (month - timedelta(days=1)).replace(day=1),
        "next": next_month if next_month <= newest else None,
        "months": [date for date in months if date <= newest],
        "years": range(newest_year, oldest_year - 1, -1),
        **NAMES,
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
    entry.net_sales = _short(loaded.figure("net_sales"))
    entry.restated = bool(loaded.mailed)
    entry.figures.clear()
    for name in LISTED:
        kind = HEADLINE[name].kind
        currency = page.settings.reporting_currency
        entry.figures.append(wording.figure(loaded.figure(name), kind, currency))
    if status not in (OPEN, WAITING):
        entry.missing = [_source_title(source) for source in loaded.missing_sources]
        entry.sources = _sources(loaded, status)
    return entry


def _short(amount: Decimal | None) -> str:
    """Return an amount with three digits, such as `18.3k`: a cell of the calendar has room for no more."""
    if amount is None:
        return ""
    return wording.compact(float(f"{amount:.3g}"))


def _sources(loaded: DayState, status: Status) -> str:
    if loaded.empty_sources:
        names = [_source_title(source) for source in loaded.empty_sources]
        return f"no orders from {', '.join(names)}"
    if not loaded.complete:
        return "Incomplete"
    return "Export" if status is HISTORY else "All read"


def _source_title(source: str) -> str:
    """Return the name of a missing source, or of the partner in `<source>: <partner>`."""
    name, _, partner = source.partition(": ")
    return wording.clean(partner) if partner else wording.source_name(name)


def _summary(data: MonthData, currency: str) -> list[tuple[str, str]]:
    """Return the totals of the month's days in the warehouse, with their names."""
    days = data.days.days.values()
    if not days:
        return []
    net_sales = Decimal(0)
    orders = Decimal(0)
    mailed = 0
    for day in days:
        net_sales += day.figure("net_sales") or 0
        orders += day.figure("orders") or 0
        mailed += day.mails > 0
    return [
        ("Net sales", wording.with_currency(net_sales, currency)),
        ("Orders", wording.count(orders)),
        ("Days loaded", f"{len(days)} of {data.last.day}"),
        ("Reports mailed", wording.count(mailed)),
    ]
