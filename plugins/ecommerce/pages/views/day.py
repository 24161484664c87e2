"""One business day: what its report says as a page, its files, its run, and what may be done about it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, HTTPException, Response

from ecommerce.core import text as wording
from ecommerce.core.errors import PipelineError, StagingError
from ecommerce.core.names import DAG_DAILY
from ecommerce.core.settings import load_settings
from ecommerce.pages import access, day_status, inline_charts, responses
from ecommerce.pages.request_context import Day, Given, GivenDep, is_day
from ecommerce.pages.runs import UNDER_WAY, Run
from ecommerce.pages.status_label import status_of
from ecommerce.pages.views import actions
from ecommerce.pages.views.calendar import Month
from ecommerce.sales.day_state import Standing
from ecommerce.sales.report import archive, document
from ecommerce.sales.report.charts import chart_files
from ecommerce.sales.report.figures.model import HEADLINE, Figures
from ecommerce.sales.report.view.page import page_texts
from ecommerce.storage.staging import storage_path

router = APIRouter(dependencies=[Depends(access.reads_sales)])

DOWNLOADS = (
    (document.PDF, "PDF", "Report as PDF"),
    (archive.FIGURES_CSV, "CSV", "Figures as CSV"),
    (archive.FIGURES_JSON, "JSON", "Figures as JSON"),
)
_SHOWN_INLINE = {document.PREVIEW, *chart_files.CHARTS}
_PNG = b"\x89PNG\r\n\x1a\n"


@router.get("/{day}")
def without_slash(day: str) -> Response:
    """To the page of a day."""
    if not is_day(day):
        raise HTTPException(404)
    return responses.with_slash(day)


@router.get("/{day}/")
def show(day: Day, given: GivenDep, asked: str = "") -> Response:
    """The page of a day."""
    run = given.runs.between(day, day).get(day) if given.who.sees_runs else None
    frame = _frame(given, day, run) | {"asked": actions.ASKED.get(asked, "")}
    if not archive.is_archived(given.settings.reports_uri, day):
        texts = frame | {"words": _no_report(day, given, run)}
        return responses.page(given.request, "no_report.html", f"No report of {day}", texts, 404)
    texts = frame | _of_day(given, day, run)
    return responses.page(given.request, "day.html", f"Sales report {day}", texts)


@router.get("/{day}/products/{number}.png")
def thumbnail(day: Day, number: int) -> Response:
    """The small picture of one of the report's products, by its place there."""
    settings = load_settings()
    figures = _figures(archive.folder_of(settings.reports_uri, day))
    uris = list(_pictured(figures).values()) if figures else []
    uri = uris[number] if 0 <= number < len(uris) else None
    # Only from where pictures are kept, whatever an archived file says.
    if not uri or not uri.startswith(f"{settings.pictures_uri}/") or "/../" in uri:
        raise HTTPException(404)
    try:
        content = bytes(storage_path(uri).read_bytes())
    except OSError:
        raise HTTPException(404) from None
    if not content.startswith(_PNG):
        raise HTTPException(404)
    return responses.file(content, "image/png")


@router.get("/{day}/{name}")
def file(day: Day, name: str) -> Response:
    """One of the files of a day, by its fixed name; nothing else of a request reaches the storage."""
    if (content := archive.read_file(load_settings().reports_uri, day, name)) is None:
        raise HTTPException(404, f"There is no such file of {day}.")
    attachment = None if name in _SHOWN_INLINE else f"sales-report-{day}-{name}"
    return responses.file(content, archive.FILES[name], attachment)


@wording.in_report_locale
def _frame(given: Given, day: date, run: Run | None) -> dict[str, Any]:
    """What every page of a day shows: how the day is called, the ways to others, and the run."""
    month = Month.of(day)
    return {
        "section": "Sales reports",
        "day": day,
        "long_day": wording.long_day(day),
        "month": month,
        "month_name": month.name,
        "previous": day - timedelta(days=1) if day > date.min else None,
        "next": day + timedelta(days=1) if day < given.newest else None,
        "run": run,
        "run_link": run_link(run),
    }


def _of_day(given: Given, day: date, run: Run | None) -> dict[str, Any]:
    """What the page of a day that has a report shows below its head."""
    answer = given.asking(("day", day), lambda warehouse: day_status.read(warehouse, day, day))
    days = answer.value
    folder = archive.folder_of(given.settings.reports_uri, day)
    figures = _figures(folder)
    complete = figures.quality.complete if figures else None
    known = days.days.get(day) if days else None
    return {
        "status": status_of(day, run, days, archived=True, newest=given.newest, complete=complete),
        "failed": answer.failed,
        "restated": _restated(known, given.settings.reporting_currency),
        "completed": complete is False and known is not None and known.complete,
        "downloads": DOWNLOADS,
        "actions": _actions(given, day, run),
        "report": _report(figures, folder) if figures else None,
    }


def run_link(run: Run | None) -> str:
    """Where Airflow shows a run, relative to Airflow's own root."""
    return f"dags/{DAG_DAILY}/runs/{quote(run.run_id, safe='')}" if run else ""


def _figures(folder: str) -> Figures | None:
    """The archived figures; None where another version of the code wrote them."""
    try:
        return archive.read_figures(folder)
    except StagingError:
        return None


@wording.in_report_locale
def _report(figures: Figures, folder: str) -> dict[str, Any]:
    """What the report says: everything the PDF does."""
    texts = page_texts(figures)
    drawn = inline_charts.inlined(folder, texts["charts"])
    thumbnails = {sku: place for place, sku in enumerate(_pictured(figures))}
    for section in texts["sections"]:
        if section["id"].startswith("changes_"):  # beside each other on paper, under one heading
            section["title"] = f"Change {section['title'].lower()}"
    return texts | {"pictures": drawn, "thumbnails": thumbnails}


def _pictured(figures: Figures) -> dict[str, str]:
    """The URI of the thumbnail of each product that has one, by SKU, in a fixed order."""
    changes = figures.changes
    named = [*figures.products, *(changes.rising if changes else ()), *(changes.falling if changes else ())]
    return {each.sku: each.thumbnail for each in named if each.thumbnail}


@wording.in_report_locale
def _restated(known: Standing | None, currency: str) -> list[list[str]]:
    """The figures that are not what was mailed: label, before, now, change."""
    rows = []
    for name, (before, after) in day_status.changed(known).items() if known else ():
        label, kind, _ = HEADLINE[name]
        words = [wording.figure(value, kind, currency) for value in (before, after)]
        rows.append([label, *words, wording.change(after, before)])
    return rows


def _actions(given: Given, day: date, run: Run | None) -> dict[str, Any] | None:
    """What the forms need; None for who may not use them, or where there is nothing to run again."""
    if run is None or not given.who.may_trigger:
        return None
    try:
        sources, failed = actions.required_sources(), ""
    except PipelineError as error:
        sources, failed = [], f"{str(error).rstrip('.')}."
    return {
        "token": access.form_token(given.request, given.who, day),
        "sources": [(source, wording.source_name(source)) for source in sources],
        "failed": failed,
        "busy": run.state in UNDER_WAY,
    }


def _no_report(day: date, given: Given, run: Run | None) -> str:
    if day > given.newest:
        return "This day has not ended yet: its report is made on the morning after."
    if run and run.state in UNDER_WAY:
        return "A run of this day is under way, and makes its report."
    if run:
        return "The newest run of this day has not come to its report."
    if day == given.awaited:
        return f"Its daily run is not due yet: it begins at {wording.instant(given.due_at)}."
    return f"No run has made one. To load the day: make backfill FROM={day} TO={day}."
