"""*Sales reports*: a month of business days as a calendar and as a list, each with its status."""

import calendar
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from fastapi import APIRouter, Depends, HTTPException, Response

from ecommerce.core import text as wording
from ecommerce.core.errors import StagingError
from ecommerce.pages import access, responses
from ecommerce.pages.access import PageRequest, PageRequestDep
from ecommerce.pages.day_status import STATUSES, Days, load_days, status_of
from ecommerce.pages.runs import Run
from ecommerce.sales.report import archive
from ecommerce.sales.report.figures.model import HEADLINE, Figures

router = APIRouter(dependencies=[Depends(access.reads_sales)])

LISTED = ("net_sales", "orders", "average_order_value", "customers")
"""The headline figures of the list; all are fields of `DayState`."""


class MonthData(NamedTuple):
    """What is known of a month, given by its first day: the days in the warehouse (empty where `failed`
    explains why), the days with an archived report, and each day's newest run."""

    month: date
    days: Days
    archived: frozenset[date]
    runs: Mapping[date, Run]
    failed: str


# A plain function: FastAPI runs it in a thread, so slow storage delays no other page.
@router.get("/")
def show(page: PageRequestDep, month: str = "") -> Response:
    """Show a month such as `2026-11`, by default the newest one."""
    if month and not re.fullmatch(r"[12]\d{3}-(0[1-9]|1[0-2])", month):
        raise HTTPException(422, "Months are written like 2026-11.")
    data = (
        _load_month(page, date.fromisoformat(f"{month}-01"))
        if month
        else _load_newest_month(page)
    )
    texts = page_texts(data, page)
    return responses.page(
        page.request, "calendar.html", f"Sales reports, {texts['called']}", texts
    )


def page_texts(data: MonthData, page: PageRequest) -> dict[str, Any]:
    """Return the texts of the page."""
    month, first = data.month, data.days.first
    weeks = calendar.Calendar().monthdatescalendar(month.year, month.month)
    figures = _archived_figures(data, page.settings.reports_uri) if data.failed else {}
    days = [day for week in weeks for day in week if day.month == month.month]
    entries = {
        day: entry
        for day in days
        if (entry := _entry(day, data, page, figures.get(day)))
    }
    used = {entry["status"].code for entry in entries.values()}
    since = min(first.year if first else month.year - 1, month.year)
    of_year = [month.replace(month=number) for number in range(1, 13)]
    later = shifted(month, 1)
    return {
        "section": "Sales reports",
        "month": month,
        "called": wording.month(month),
        "previous": _key_and_name(shifted(month, -1)),
        "next": _key_and_name(later) if later <= page.newest else None,
        "months": [
            (*_key_and_name(each), wording.short_month(each))
            for each in of_year
            if each <= page.newest
        ],
        # Those with figures, and the ones next to the current one.
        "years": range(max(page.newest.year, month.year), since - 1, -1),
        "weekdays": [
            (wording.weekday(day), wording.short_weekday(day)) for day in weeks[0]
        ],
        "weeks": [
            [
                (day, entries.get(day)) if day.month == month.month else None
                for day in week
            ]
            for week in weeks
        ],
        "entries": list(reversed(entries.values())),
        "labels": [HEADLINE[name].label for name in LISTED],
        "currency": page.settings.reporting_currency,
        "summary": _summary(data, page.settings.reporting_currency),
        "legend": [status for status in STATUSES.values() if status.code in used],
        "restated": sum(entry["restated"] for entry in entries.values()),
        "failed": data.failed,
        "nothing_yet": not entries and first is None and not data.failed,
    }


def shifted(month: date, months: int) -> date:
    """Return the first day of the month so many months later."""
    count = month.year * 12 + month.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def _key_and_name(month: date) -> tuple[str, str]:
    return str(month)[:7], wording.month(month)


def _load_month(page: PageRequest, month: date) -> MonthData:
    last = shifted(month, 1) - timedelta(days=1)
    days, failed = page.warehouse.get(
        ("month", month), lambda warehouse: load_days(warehouse, month, last)
    )
    archived = archive.archived_days(page.settings.reports_uri, month.year, month.month)
    runs = page.runs.between(month, last)
    return MonthData(month, days or Days(), frozenset(archived), runs, failed)


def _load_newest_month(page: PageRequest) -> MonthData:
    """Return the newest month with days in the warehouse, or with reports; the current one without any."""
    data = _load_month(page, page.newest.replace(day=1))
    last = None if data.days.days or data.archived else data.days.last
    return _load_month(page, last.replace(day=1)) if last else data


def _entry(
    day: date, data: MonthData, page: PageRequest, figures: Figures | None
) -> dict[str, Any] | None:
    loaded, archived = data.days.days.get(day), day in data.archived
    days = None if data.failed else data.days
    status = status_of(day, page, data.runs.get(day), days, figures, archived=archived)
    if status is None:
        return None
    values: dict[str, Decimal | None] = {}
    currency = page.settings.reporting_currency
    if loaded:
        values = {name: loaded.figure(name) for name in LISTED}
    elif figures:
        values = {name: figures.headline[name].value for name in LISTED}
        currency = figures.currency
    net_sales = values.get("net_sales")
    state = (
        None
        if status.code in ("open", "waiting")
        else loaded or (figures.quality if figures else None)
    )
    sources = ""
    if state:
        empty = ", ".join(map(_source_title, state.empty_sources))
        complete = "Export" if status.code == "history" else "All read"
        sources = (
            f"no orders from {empty}"
            if empty
            else complete
            if state.complete
            else "Incomplete"
        )
    return {
        "date": day,
        "name": wording.short_day(day),
        "status": status,
        "archived": archived,
        "figures": [
            wording.figure(values.get(name), HEADLINE[name].kind, currency)
            for name in LISTED
        ],
        # A cell of the calendar has room for a few letters: `18.3k`.
        "net_sales": ""
        if net_sales is None
        else wording.compact(float(f"{net_sales:.3g}")),
        "restated": bool(loaded and loaded.mailed),
        "missing": [_source_title(source) for source in state.missing_sources]
        if state
        else [],
        "sources": sources,
    }


def _source_title(source: str) -> str:
    """Return the name of a missing source, or of the partner in `<source>: <partner>`."""
    partner = source.partition(": ")[2]
    return wording.clean(partner) if partner else wording.source_name(source)


def _archived_figures(data: MonthData, reports_uri: str) -> dict[date, Figures]:
    """Return the figures of the month's reports, without those that another version of the code wrote."""
    figures = {}
    for day in data.archived:
        with suppress(StagingError, OSError):
            figures[day] = archive.read_figures(archive.folder_of(reports_uri, day))
    return figures


def _summary(data: MonthData, currency: str) -> Sequence[tuple[str, str]]:
    days = data.days.days.values()
    if not days:
        return ()
    total = sum((day.figure("net_sales") or Decimal(0) for day in days), Decimal(0))
    length = calendar.monthrange(data.month.year, data.month.month)[1]
    return (
        ("Net sales", wording.with_currency(total, currency)),
        ("Orders", wording.count(sum(day.figure("orders") or 0 for day in days))),
        ("Days loaded", f"{len(days)} of {length}"),
        ("Reports mailed", wording.count(sum(bool(day.mails) for day in days))),
    )
