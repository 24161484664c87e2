"""*Sales reports*: a month of business days as a calendar and as a list, each with its status."""

import calendar
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from ecommerce.core.business_day import days_between
from ecommerce.core.headline_figures import HEADLINE
from ecommerce.core.periods import period_of
from ecommerce.pages import access, responses
from ecommerce.pages.access import PageRequestDep
from ecommerce.pages.day_status import load_days, status_of
from ecommerce.sales.periods.archive import archive_of
from ecommerce.sales.report import archive
from ecommerce.sales.slices import WHOLE

router = APIRouter(dependencies=[Depends(access.reads_sales)])

LISTED = ("net_sales", "orders", "average_order_value", "customers")
"""The headline figures of the list; all are fields of `DayState`."""
MONTH = r"^([12]\d{3}-(0[1-9]|1[0-2]))?$"


# A plain function: FastAPI runs it in a thread, so slow storage delays no other page.
@router.get("/")
def show(
    page: PageRequestDep, month: Annotated[str, Query(pattern=MONTH)] = ""
) -> Response:
    """Show a month such as `2026-11`, by default the newest one."""
    first = page.newest.replace(day=1)
    if month:
        first = date.fromisoformat(f"{month}-01")
    last = period_of("month", first).last
    days = load_days(page, first, last)
    reports_uri = page.settings.reports_uri
    archived = archive.ARCHIVE.days(reports_uri, f"{first:%Y-%m}")
    runs = page.runs.between(first, last)
    entries = {}
    for day in days_between(first, last):
        is_archived = day in archived
        status = status_of(day, page, runs.get(day), days, archived=is_archived)
        if status:
            entries[day] = {
                "status": status,
                "archived": is_archived,
                "loaded": days.state(day),
            }
    weeks = []
    for dates in calendar.Calendar().monthdatescalendar(first.year, first.month):
        weeks.append(period_of("week", dates[0]))
    texts = {
        "month": first,
        "has_month_report": archive_of("month", WHOLE).has(reports_uri, first),
        "previous": first - timedelta(days=1),
        "next": last + timedelta(days=1),
        "newest": page.newest,
        "weeks": weeks,
        "week_reports": archive_of("week", WHOLE).days(reports_uri),
        "entries": entries,
        "figures": {name: HEADLINE[name] for name in LISTED},
        "currency": page.settings.reporting_currency,
        "days": days,
    }
    return responses.page(page.request, "calendar.html", texts)
