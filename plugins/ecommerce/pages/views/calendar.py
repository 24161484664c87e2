"""*Sales reports*: a month of business days as a calendar and as a list, each with its status."""

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

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
from ecommerce.pages.runs import Run
from ecommerce.sales.day_state import DayState
from ecommerce.sales.report import archive
from ecommerce.sales.report.figures.model import HEADLINE

router = APIRouter(dependencies=[Depends(access.reads_sales)])

LISTED = ("net_sales", "orders", "average_order_value", "customers")
"""The headline figures of the list; all are fields of `DayState`."""


@dataclass(frozen=True)
class MonthData:
    """What is known of a month, given by its first and last day: the days in the warehouse (None where
    `failed` explains why), the days with an archived report, and each day's newest run."""

    first: date
    last: date
    days: Days | None
    archived: frozenset[date]
    runs: Mapping[date, Run]
    failed: str


@dataclass(frozen=True)
class Entry:
    """A day with a status, as texts. `net_sales` fits a cell of the calendar; `figures` are those `LISTED`;
    `sources` says which were read, `missing` are the names of those that were not."""

    date: date
    name: str
    status: Status
    archived: bool
    restated: bool
    net_sales: str
    figures: list[str]
    missing: list[str]
    sources: str


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
    last = shifted(first, 1) - timedelta(days=1)
    days, failed = page.warehouse.run(
        lambda warehouse: load_days(warehouse, first, last)
    )
    archived = archive.archived_days(page.settings.reports_uri, first.year, first.month)
    runs = page.runs.between(first, last)
    return MonthData(first, last, days, frozenset(archived), runs, failed)


def page_texts(data: MonthData, page: PageRequest) -> dict[str, Any]:
    """Return the texts of the page."""
    currency = page.settings.reporting_currency
    entries: dict[date, Entry] = {}
    for number in range(data.last.day):
        day = data.first + timedelta(days=number)
        entry = _entry(day, data, page)
        if entry:
            entries[day] = entry
    used = {entry.status for entry in entries.values()}
    has_figures = data.days and data.days.first
    return {
        "section": "Sales reports",
        "called": wording.month(data.first),
        "weeks": calendar.Calendar().monthdatescalendar(
            data.first.year, data.first.month
        ),
        "entries": entries,
        "labels": [HEADLINE[name].label for name in LISTED],
        "currency": currency,
        "summary": _summary(data, currency),
        "legend": [status for status in LEGEND if status in used],
        "has_restated": any(entry.restated for entry in entries.values()),
        "failed": data.failed,
        "nothing_yet": not entries and not has_figures and not data.failed,
        **_navigation(data, page.newest),
    }


def _navigation(data: MonthData, newest: date) -> dict[str, Any]:
    """Return the months and years that the page links to. Years are those with figures, and the ones next to
    the current one."""
    month = data.first
    oldest = month.year - 1
    if data.days and data.days.first:
        oldest = min(data.days.first.year, month.year)
    months = []
    for number in range(1, 13):
        if month.replace(month=number) <= newest:
            months.append(month.replace(month=number))
    following = shifted(month, 1)
    return {
        "month": month,
        "previous": shifted(month, -1),
        "next": following if following <= newest else None,
        "months": months,
        "years": range(max(newest.year, month.year), oldest - 1, -1),
        "month_name": wording.month,
        "short_month": wording.short_month,
        "weekday_name": wording.weekday,
        "short_weekday": wording.short_weekday,
    }


def shifted(month: date, months: int) -> date:
    """Return the first day of the month so many months later."""
    count = month.year * 12 + month.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def _entry(day: date, data: MonthData, page: PageRequest) -> Entry | None:
    archived = day in data.archived
    status = status_of(day, page, data.runs.get(day), data.days, archived=archived)
    if status is None:
        return None
    figures = [wording.NOTHING] * len(LISTED)
    missing: list[str] = []
    net_sales = sources = ""
    loaded = data.days.days.get(day) if data.days else None
    if loaded:
        figures = []
        for name in LISTED:
            kind = HEADLINE[name].kind
            currency = page.settings.reporting_currency
            figures.append(wording.figure(loaded.figure(name), kind, currency))
        net_sales = _short(loaded.figure("net_sales"))
        if status not in (OPEN, WAITING):
            missing = [_source_title(source) for source in loaded.missing_sources]
            sources = _sources(loaded, status)
    return Entry(
        date=day,
        name=wording.short_day(day),
        status=status,
        archived=archived,
        restated=bool(loaded and loaded.mailed),
        net_sales=net_sales,
        figures=figures,
        missing=missing,
        sources=sources,
    )


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
    if data.days is None or not data.days.days:
        return []
    net_sales = orders = Decimal(0)
    mailed = 0
    for day in data.days.days.values():
        net_sales += day.figure("net_sales") or 0
        orders += day.figure("orders") or 0
        if day.mails:
            mailed += 1
    return [
        ("Net sales", wording.with_currency(net_sales, currency)),
        ("Orders", wording.count(orders)),
        ("Days loaded", f"{len(data.days.days)} of {data.last.day}"),
        ("Reports mailed", wording.count(mailed)),
    ]
