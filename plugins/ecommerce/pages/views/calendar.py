"""*Sales reports*: a month of business days as a calendar and as a list, with how each of them stands."""

from __future__ import annotations

import calendar as weeks
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Response

from ecommerce.core import text as wording
from ecommerce.core.errors import StagingError
from ecommerce.core.settings import Settings
from ecommerce.pages import access, day_status, responses
from ecommerce.pages.request_context import Given, GivenDep
from ecommerce.pages.runs import Run
from ecommerce.pages.status_label import STATUSES, status_of
from ecommerce.sales.day_state import Standing
from ecommerce.sales.report import archive
from ecommerce.sales.report.figures.model import HEADLINE, Figures

router = APIRouter(dependencies=[Depends(access.reads_sales)])

LISTED = ("net_sales", "orders", "average_order_value", "customers")
"""The headline figures of the list; all are fields of `Standing`."""
MONTHS_BACK = 24
"""How far back the newest report is looked for where the warehouse cannot say."""


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month."""

    year: int
    month: int

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"

    @classmethod
    def of(cls, day: date) -> Month:
        """The month that a day is in."""
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, text: str) -> Month:
        """`2026-11`; an HTTPException 422 where it is no month."""
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
        """`November 2026`, in the locale that texts are written in."""
        return wording.month(self.first)

    @property
    def short(self) -> str:
        """`Nov`, likewise."""
        return wording.short_month(self.first)

    def shifted(self, months: int) -> Month:
        """The month so many months later."""
        count = self.year * 12 + self.month - 1 + months
        return Month(count // 12, count % 12 + 1)


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of a month: what the warehouse says (empty where `failed` says why not), which days have
    a report, and each day's newest run."""

    month: Month
    days: day_status.Days
    archived: frozenset[date]
    runs: dict[date, Run]
    failed: str


# Plain functions: Airflow's server runs them in threads, so slow storage holds nobody else up.
@router.get("/")
def show(given: GivenDep, month: str | None = None) -> Response:
    """The page of a month such as `2026-11`, else of the newest one."""
    found = _look(given, Month.parse(month)) if month else _newest(given)
    texts = page_texts(found, given)
    return responses.page(given.request, "calendar.html", f"Sales reports, {texts['called']}", texts)


@wording.in_report_locale
def page_texts(found: Found, given: Given) -> dict[str, Any]:
    """What the page shows."""
    month, newest, settings = found.month, given.newest, given.settings
    cells = weeks.Calendar().monthdatescalendar(month.year, month.month)
    archived_figures = _archived_figures(found, settings) if found.failed else {}
    entries = {
        day: entry
        for day in (month.first + timedelta(days=step) for step in range((month.last - month.first).days + 1))
        if (entry := _entry(day, found, given, archived_figures.get(day)))
    }
    used = {entry["status"].code for entry in entries.values()}
    first = found.days.first
    return {
        "section": "Sales reports",
        "month": month,
        "called": month.name,
        "previous": _named(month.shifted(-1)),
        "next": _named(month.shifted(1)) if month.shifted(1).first <= newest else None,
        "months": [
            (*_named(each), each.short)
            for each in (Month(month.year, number) for number in range(1, 13))
            if each.first <= newest
        ],
        "years": _years(month, newest, first),
        "weekdays": [(wording.weekday(day), wording.short_weekday(day)) for day in cells[0]],
        "weeks": [
            [(day, entries.get(day)) if day.month == month.month else None for day in week] for week in cells
        ],
        "entries": list(reversed(entries.values())),
        "labels": [HEADLINE[name].label for name in LISTED],
        "currency": settings.reporting_currency,
        "summary": _summary(found, settings),
        "legend": [status for status in STATUSES.values() if status.code in used],
        "restated": sum(entry["restated"] for entry in entries.values()),
        "failed": found.failed,
        "nothing_yet": not entries and first is None and not found.failed,
    }


def _named(month: Month) -> tuple[str, str]:
    """How addresses and people call a month."""
    return str(month), month.name


def _look(given: Given, month: Month, failed: str = "") -> Found:
    """What is known of a month. `failed`: why the warehouse has just not answered; it is not asked again."""
    first, last = month.first, month.last
    days = day_status.Days()
    if not failed:
        answer = given.asking(("month", first), lambda warehouse: day_status.read(warehouse, first, last))
        days, failed = answer.value or days, answer.failed
    runs = given.runs.between(first, last) if given.who.sees_runs else {}
    return Found(month, days, frozenset(_archived(given, month)), dict(runs), failed)


def _archived(given: Given, month: Month) -> list[date]:
    return archive.archived_days(given.settings.reports_uri, month.year, month.month)


def _newest(given: Given) -> Found:
    """The newest month in which there is something."""
    month = Month.of(given.newest)
    found = _look(given, month)
    if found.days.days or found.archived:
        return found
    if not found.failed:
        last = found.days.last
        return _look(given, Month.of(last)) if last else found
    earlier = (month.shifted(-back) for back in range(1, MONTHS_BACK + 1))
    return next((_look(given, each, found.failed) for each in earlier if _archived(given, each)), found)


def _entry(day: date, found: Found, given: Given, figures: Figures | None) -> dict[str, Any] | None:
    known, archived = found.days.days.get(day), day in found.archived
    status = status_of(
        day,
        found.runs.get(day),
        None if found.failed else found.days,
        archived=archived,
        newest=given.newest,
        awaited=given.awaited,
        complete=figures.quality.complete if figures else None,
    )
    if status is None:
        return None
    is_early = status.code in ("open", "waiting")
    values: dict[str, Any] = {}
    currency = given.settings.reporting_currency
    missing: Sequence[str] = ()
    if known:
        values = {name: getattr(known, name) for name in LISTED}
        missing = known.missing_sources or ()
    elif figures:
        values = {name: figures.headline[name].value for name in LISTED}
        currency, missing = figures.currency, figures.quality.missing_sources
    return {
        "date": day,
        "name": wording.short_day(day),
        "status": status,
        "archived": archived,
        "figures": [wording.figure(values.get(name), HEADLINE[name].kind, currency) for name in LISTED],
        "net_sales": _short(values.get("net_sales")),
        "restated": bool(known and known.is_restated),
        "was": was(known, currency) if known else "",
        "missing": [] if is_early else [source_title(source) for source in missing],
        "sources": "" if is_early else _sources_words(known, figures),
    }


def _short(value: Decimal | None) -> str:
    """About so much, in the few letters that a cell of the calendar has room for: `18.3k`."""
    return "" if value is None else wording.compact(float(f"{value:.3g}"))


def was(known: Standing, currency: str) -> str:
    """`was 18,716.13 when mailed`; of the first figure of the list that is no longer what was mailed."""
    changes = day_status.changed(known)
    for name in (*LISTED, *changes):
        if name in changes:
            before = wording.figure(changes[name][0], HEADLINE[name].kind, currency)
            label = "" if name == LISTED[0] else f"{HEADLINE[name].label.lower()} "
            return f"{label}was {before} when mailed" if not label else f"{label}were {before} when mailed"
    return ""


def source_title(source: str) -> str:
    """How people call what is missing: the source, or the partner of `partner_files: acme`."""
    partner = source.partition(": ")[2]
    return wording.clean(partner) if partner else wording.source_name(source)


def _sources_words(known: Standing | None, figures: Figures | None) -> str:
    """What the list says of a day's sources where none is missing."""
    stands = known or (figures.quality if figures else None)
    if stands is None:
        return ""
    if stands.empty_sources:
        return f"no order of {', '.join(map(source_title, stands.empty_sources))}"
    return "All read" if stands.complete else "Incomplete"


def _archived_figures(found: Found, settings: Settings) -> dict[date, Figures]:
    """The figures of the month's reports; those that another version of the code wrote are left out."""
    read = {}
    for day in sorted(found.archived):
        try:
            read[day] = archive.read_figures(archive.folder_of(settings.reports_uri, day))
        except (StagingError, OSError):
            continue
    return read


def _summary(found: Found, settings: Settings) -> list[tuple[str, str]]:
    """A few sums of the month: of the days that are there."""
    days = list(found.days.days.values())
    if not days:
        return []
    total = sum((day.net_sales or Decimal(0) for day in days), Decimal(0))
    return [
        ("Net sales", wording.with_currency(total, settings.reporting_currency)),
        ("Orders", wording.count(sum(day.orders or 0 for day in days))),
        ("Days loaded", f"{len(days)} of {(found.month.last - found.month.first).days + 1}"),
        ("Reports mailed", wording.count(sum(bool(day.mails) for day in days))),
    ]


def _years(month: Month, newest: date, first: date | None) -> list[int]:
    """The years to choose from: those with figures, and the ones beside the chosen one."""
    since = min(first.year if first else month.year - 1, month.year)
    return list(range(max(newest.year, month.year), since - 1, -1))
