"""One business day: its report as a page, its files, its run, and the forms that restart tasks."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Response
from fastapi.responses import RedirectResponse

from ecommerce.core.headline_figures import HEADLINE
from ecommerce.pages import access, day_status, responses
from ecommerce.pages.access import Day, PageRequest, PageRequestDep
from ecommerce.pages.responses import Texts
from ecommerce.pages.runs import UNDER_WAY, Run
from ecommerce.reporting.sections import Section
from ecommerce.sales.report import archive
from ecommerce.sales.report.texts.page import page_texts
from ecommerce.sales.source_policy import required_sources

router = APIRouter(dependencies=[Depends(access.reads_sales)])

RESTART_DEPENDENCIES = [Depends(access.may_clear), Depends(access.from_this_site)]
"""The dependencies of forms that restart tasks."""


@router.get("/{day}/")
def show(day: Day, page: PageRequestDep, restarted: str = "") -> Response:
    """Show the page of a day. `restarted` is what a form has restarted: `report` or `source`."""
    run = page.runs.between(day, day).get(day)
    texts: Texts = {
        "day": day,
        "previous": day - timedelta(days=1),
        "next": day + timedelta(days=1),
        "newest": page.newest,
        "run": run,
        "under_way": UNDER_WAY,
        "restarted": restarted,
    }
    if not archive.ARCHIVE.has(page.settings.reports_uri, day):
        return responses.page(page.request, "no_report.html", texts, 404)
    texts |= _report_texts(page, day, run)
    return responses.page(page.request, "day.html", texts)


# Plain functions: FastAPI runs them in threads, so a slow database delays no other page.
@router.post("/{day}/build", dependencies=RESTART_DEPENDENCIES)
def rebuild_report(day: Day, page: PageRequestDep) -> RedirectResponse:
    """Rebuild the report of a day."""
    page.runs.rebuild_report(day)
    return RedirectResponse("./?restarted=report", 303)


@router.post("/{day}/read", dependencies=RESTART_DEPENDENCIES)
def reread_source(
    day: Day, page: PageRequestDep, source: Annotated[str, Form()] = ""
) -> RedirectResponse:
    """Read one of the required sources of a day again."""
    if source not in required_sources():
        raise HTTPException(422, "Choose one of the listed sources.")
    page.runs.reread_source(day, source)
    return RedirectResponse("./?restarted=source", 303)


@router.get("/{day}/{name}")
def file(day: Day, name: str) -> Response:
    """Return one of the archived files of a day."""
    return responses.archived_file(archive.ARCHIVE, day, name, f"sales-report-{day}")


def _report_texts(page: PageRequest, day: date, run: Run | None) -> Texts:
    days = day_status.load_days(page, day, day)
    loaded = days.state(day)
    report = None
    completed = False
    figures = responses.archived_figures(archive.ARCHIVE, day)
    if figures:
        report = page_texts(figures)
        completed = loaded.complete and not figures.quality.complete
        _name_changes(report["sections"])
    return {
        "status": day_status.status_of(day, page, run, days, archived=True),
        "figures": HEADLINE,
        "loaded": loaded,
        "currency": page.settings.reporting_currency,
        "completed": completed,
        "days": days,
        "may_restart": page.may_restart,
        "report": report,
    }


def _name_changes(sections: list[Section]) -> None:
    """Let the title of each section of changes mention them: in the PDF, one heading above all does."""
    for section in sections:
        if section["id"].startswith("changes_"):
            section["title"] = f"Change {section['title'].lower()}"
