"""*Sales reports*: a month of business days as a calendar and as a list, each with its status."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Response

from ecommerce.core import text as wording
from ecommerce.core.errors import StagingError
from ecommerce.core.settings import Settings
from ecommerce.pages import access, responses
from ecommerce.pages.day_status import STATUSES, Days, load_days, restated_figures, status_of
from ecommerce.pages.page_request import PageRequest, PageRequestDep
from ecommerce.pages.runs import Run
from ecommerce.sales.day_state import DayState
from ecommerce.sales.report import archive
from ecommerce.sales.report.figures.model import HEADLINE, Figures

router = APIRouter(dependencies=[Depends(access.reads_sales)])

LISTED = ("net_sales", "orders", "average_order_value", "customers")
"""The headline figures of the list; all are fields of `DayState`."""
MONTHS_BACK = 24
"""How far back the newest report is searched while the warehouse is unavailable."""


@dataclass(frozen=True, slots=True)
class CalendarMonth:
    """A calendar month."""

    year: int
    month: int

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"

    @classmethod
    def of(cls, day: date) -> CalendarMonth:
        """Return the month of a day."""
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, text: str) -> CalendarMonth:
        """Parse a month such as `2026-11`; HTTPException 422 where it is none."""
        if not re.fullmatch(r"[12]\d{3}-(0[1-9]|1[0-2])", text):
            raise HTTPException(422, "Months are written like 2026-11.")
        return cls(int(text[:4]), int(text[5:]))

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.month, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return self.shifted(1).first - timedelta(days=1)

    @property
    def name(self) -> str:
        """`November 2026`, in the current locale."""
        return wording.month(self.first)

    @property
    def short(self) -> str:
        """`Nov`, in the current locale."""
        return wording.short_month(self.first)

    def shifted(self, months: int) -> CalendarMonth:
        """Return the month `months` later."""
        count = self.year * 12 + self.month - 1 + months
        return CalendarMonth(count // 12, count % 12 + 1)


@dataclass(frozen=True, slots=True)
class MonthData:
    """What is known of a month: the days in the warehouse (empty where `failed` explains why), the days with
    an archived report, and each day's newest run."""

    month: CalendarMonth
    days: Days
    archived: frozenset[date]
    runs: Mapping[date, Run]
    failed: str


# Plain functions: FastAPI runs them in threads, so slow storage delays no other page.
@router.get("/")
def show(page: PageRequestDep, month: str | None = None) -> Response:
    """Show a month such as `2026-11`, by default the newest one."""
    data = _load_month(page, CalendarMonth.parse(month)) if month else _load_newest_month(page)
    texts = page_texts(data, page)
    return responses.page(page.request, "calendar.html", f"Sales reports, {texts['called']}", texts)


@wording.in_report_locale
def page_texts(data: MonthData, page: PageRequest) -> dict[str, Any]:
    """Return the texts of the page."""
    month, newest, settings = data.month, page.newest, page.settings
    weeks = calendar.Calendar().monthdatescalendar(month.year, month.month)
    archived_figures = _archived_figures(data, settings) if data.failed else {}
    days = [day for week in weeks for day in week if day.month == month.month]
    entries = {day: entry for day in days if (entry := _entry(day, data, page, archived_figures.get(day)))}
    used = {entry["status"].code for entry in entries.values()}
    first = data.days.first
    return {
        "section": "Sales reports",
        "month": month,
        "called": month.name,
        "previous": _key_and_name(month.shifted(-1)),
        "next": _key_and_name(month.shifted(1)) if month.shifted(1).first <= newest else None,
        "months": [
            (*_key_and_name(each), each.short)
            for each in (CalendarMonth(month.year, number) for number in range(1, 13))
            if each.first <= newest
        ],
        "years": _years(month, newest, first),
        "weekdays": [(wording.weekday(day), wording.short_weekday(day)) for day in weeks[0]],
        "weeks": [
            [(day, entries.get(day)) if day.month == month.month else None for day in week] for week in weeks
        ],
        "entries": list(reversed(entries.values())),
        "labels": [HEADLINE[name].label for name in LISTED],
        "currency": settings.reporting_currency,
        "summary": _summary(data, settings),
        "legend": [status for status in STATUSES.values() if status.code in used],
        "restated": sum(entry["restated"] for entry in entries.values()),
        "failed": data.failed,
        "nothing_yet": not entries and first is None and not data.failed,
    }


def _key_and_name(month: CalendarMonth) -> tuple[str, str]:
    return str(month), month.name


def _load_month(page: PageRequest, month: CalendarMonth, failed: str = "") -> MonthData:
    """Return what is known of a month. `failed`: why the warehouse is unavailable; it is not queried then."""
    days = Days()
    if not failed:
        result = page.warehouse.get(
            ("month", month), lambda warehouse: load_days(warehouse, month.first, month.last)
        )
        days, failed = result.value or days, result.failed
    runs = page.runs.between(month.first, month.last)
    return MonthData(month, days, frozenset(_archived_days(page, month)), runs, failed)


def _archived_days(page: PageRequest, month: CalendarMonth) -> list[date]:
    return archive.archived_days(page.settings.reports_uri, month.year, month.month)


def _load_newest_month(page: PageRequest) -> MonthData:
    """Return the newest month with days or reports."""
    month = CalendarMonth.of(page.newest)
    data = _load_month(page, month)
    if data.days.days or data.archived:
        return data
    if not data.failed:
        last = data.days.last
        return _load_month(page, CalendarMonth.of(last)) if last else data
    earlier = (month.shifted(-back) for back in range(1, MONTHS_BACK + 1))
    return next(
        (_load_month(page, each, data.failed) for each in earlier if _archived_days(page, each)), data
    )


def _entry(day: date, data: MonthData, page: PageRequest, figures: Figures | None) -> dict[str, Any] | None:
    loaded, archived = data.days.days.get(day), day in data.archived
    status = status_of(
        day,
        data.runs.get(day),
        None if data.failed else data.days,
        archived=archived,
        newest=page.newest,
        awaited=page.awaited,
        complete=figures.quality.complete if figures else None,
    )
    if status is None:
        return None
    is_early = status.code in ("open", "waiting")
    values: dict[str, Any] = {}
    currency = page.settings.reporting_currency
    missing: Sequence[str] = ()
    if loaded:
        values = {name: loaded.figure(name) for name in LISTED}
        missing = loaded.missing_sources
    elif figures:
        values = {name: figures.headline[name].value for name in LISTED}
        currency, missing = figures.currency, figures.quality.missing_sources
    return {
        "date": day,
        "name": wording.short_day(day),
        "status": status,
        "archived": archived,
        "figures": [wording.figure(values.get(name), HEADLINE[name].kind, currency) for name in LISTED],
        "net_sales": _compact(values.get("net_sales")),
        "restated": bool(loaded and loaded.is_restated),
        "was": _mailed_figure(loaded, currency) if loaded else "",
        "missing": [] if is_early else [_source_title(source) for source in missing],
        "sources": "" if is_early else _sources_text(loaded, figures),
    }


def _compact(value: Decimal | None) -> str:
    """Return an amount in the few letters that a cell of the calendar has room for: `18.3k`."""
    return "" if value is None else wording.compact(float(f"{value:.3g}"))


def _mailed_figure(loaded: DayState, currency: str) -> str:
    """Return `was 18,716.13 when mailed` for the first listed figure that changed after the mail."""
    changes = restated_figures(loaded)
    name = next((name for name in (*LISTED, *changes) if name in changes), None)
    if name is None:
        return ""
    mailed = wording.figure(changes[name][0], HEADLINE[name].kind, currency)
    label = "was" if name == LISTED[0] else f"{HEADLINE[name].label.lower()} were"
    return f"{label} {mailed} when mailed"


def _source_title(source: str) -> str:
    """Return the name of a missing source, or of the partner in `partner_files: acme`."""
    partner = source.partition(": ")[2]
    return wording.clean(partner) if partner else wording.source_name(source)


def _sources_text(loaded: DayState | None, figures: Figures | None) -> str:
    state = loaded or (figures.quality if figures else None)
    if state is None:
        return ""
    if state.empty_sources:
        return f"no orders from {', '.join(map(_source_title, state.empty_sources))}"
    return "All read" if state.complete else "Incomplete"


def _archived_figures(data: MonthData, settings: Settings) -> dict[date, Figures]:
    """Return the figures of the month's reports, without those that another version of the code wrote."""
    figures = {}
    for day in sorted(data.archived):
        with suppress(StagingError, OSError):
            figures[day] = archive.read_figures(archive.folder_of(settings.reports_uri, day))
    return figures


def _summary(data: MonthData, settings: Settings) -> list[tuple[str, str]]:
    days = list(data.days.days.values())
    if not days:
        return []
    total = sum((day.figure("net_sales") or Decimal(0) for day in days), Decimal(0))
    return [
        ("Net sales", wording.with_currency(total, settings.reporting_currency)),
        ("Orders", wording.count(sum(day.figure("orders") or 0 for day in days))),
        ("Days loaded", f"{len(days)} of {data.month.last.day}"),
        ("Reports mailed", wording.count(sum(bool(day.mails) for day in days))),
    ]


def _years(month: CalendarMonth, newest: date, first: date | None) -> list[int]:
    """Return the years to choose from: those with figures, and the ones next to the current one."""
    since = min(first.year if first else month.year - 1, month.year)
    return list(range(max(newest.year, month.year), since - 1, -1))
