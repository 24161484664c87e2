"""One business day: its report as a page, its files, its run, and the forms that restart tasks."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, HTTPException, Response
from fastapi.responses import RedirectResponse

from ecommerce.core import text as wording
from ecommerce.core.errors import PipelineError, StagingError
from ecommerce.core.names import DAG_DAILY
from ecommerce.core.settings import load_settings
from ecommerce.pages import access, day_status, inline_charts, responses
from ecommerce.pages.day_status import load_days, status_of
from ecommerce.pages.page_request import Day, PageRequest, PageRequestDep, is_day
from ecommerce.pages.runs import UNDER_WAY, Run
from ecommerce.pages.views.calendar import CalendarMonth
from ecommerce.sales.day_state import DayState
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
RESTARTED = {
    "report": "The report is being built again.",
    "source": "The source is being read again; the report follows.",
}
"""The page's message after a form was sent, by the parameter `asked` of its address."""
_SHOWN_INLINE = {document.PREVIEW, *chart_files.CHARTS}
_PNG = b"\x89PNG\r\n\x1a\n"

Token = Annotated[str, Form()]


@router.get("/{day}")
def without_slash(day: str) -> Response:
    """Redirect to the page of a day."""
    if not is_day(day):
        raise HTTPException(404)
    return responses.with_slash(day)


@router.get("/{day}/")
def show(day: Day, page: PageRequestDep, asked: str = "") -> Response:
    """Show the page of a day."""
    run = page.runs.between(day, day).get(day)
    frame = _frame(page, day, run) | {"asked": RESTARTED.get(asked, "")}
    if not archive.is_archived(page.settings.reports_uri, day):
        texts = frame | {"words": _no_report(day, page, run)}
        return responses.page(page.request, "no_report.html", f"No report of {day}", texts, 404)
    texts = frame | _report_texts(page, day, run)
    return responses.page(page.request, "day.html", f"Sales report {day}", texts)


# Plain functions: FastAPI runs them in threads, so a slow database delays no other page.
@router.post("/{day}/build", dependencies=[Depends(access.may_clear)])
def rebuild_report(day: Day, page: PageRequestDep, token: Token = "") -> RedirectResponse:
    """Rebuild the report of a day."""
    access.check_token(page.request, page.user, day, token)
    page.runs.rebuild_report(day)
    return RedirectResponse("./?asked=report", 303)


@router.post("/{day}/read", dependencies=[Depends(access.may_clear)])
def reread_source(
    day: Day, page: PageRequestDep, source: Annotated[str, Form()] = "", token: Token = ""
) -> RedirectResponse:
    """Read one source of a day again.

    Args:
        day: the business day.
        page: the form's request.
        source: one of the required sources.
        token: from `access.form_token`.
    """
    access.check_token(page.request, page.user, day, token)
    if source not in day_status.required_sources():
        raise HTTPException(422, "Choose one of the listed sources.")
    page.runs.reread_source(day, source)
    return RedirectResponse("./?asked=source", 303)


@router.get("/{day}/products/{number}.png")
def thumbnail(day: Day, number: int) -> Response:
    """Return the thumbnail of one of the report's products, by its position."""
    settings = load_settings()
    figures = _figures(archive.folder_of(settings.reports_uri, day))
    uris = list(_thumbnails(figures).values()) if figures else []
    uri = uris[number] if 0 <= number < len(uris) else None
    # An archived file must not lead outside the folder of pictures.
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
    """Return one of the archived files of a day. Names are fixed, so no path of a request reaches the
    storage."""
    if (content := archive.read_file(load_settings().reports_uri, day, name)) is None:
        raise HTTPException(404, f"There is no such file of {day}.")
    attachment = None if name in _SHOWN_INLINE else f"sales-report-{day}-{name}"
    return responses.file(content, archive.FILES[name], attachment)


@wording.in_report_locale
def _frame(page: PageRequest, day: date, run: Run | None) -> dict[str, Any]:
    """Return what every page of a day shows: its date, the links to other days, and the run."""
    month = CalendarMonth.of(day)
    return {
        "section": "Sales reports",
        "day": day,
        "long_day": wording.long_day(day),
        "month": month,
        "month_name": month.name,
        "previous": day - timedelta(days=1) if day > date.min else None,
        "next": day + timedelta(days=1) if day < page.newest else None,
        "run": run,
        # Relative to Airflow's own root.
        "run_link": f"dags/{DAG_DAILY}/runs/{quote(run.run_id, safe='')}" if run else "",
    }


def _report_texts(page: PageRequest, day: date, run: Run | None) -> dict[str, Any]:
    result = page.warehouse.get(("day", day), lambda warehouse: load_days(warehouse, day, day))
    days = result.value
    folder = archive.folder_of(page.settings.reports_uri, day)
    figures = _figures(folder)
    complete = figures.quality.complete if figures else None
    loaded = days.days.get(day) if days else None
    return {
        "status": status_of(day, run, days, archived=True, newest=page.newest, complete=complete),
        "failed": result.failed,
        "restated": _restated(loaded, page.settings.reporting_currency),
        "completed": complete is False and loaded is not None and loaded.complete,
        "downloads": DOWNLOADS,
        "actions": _actions(page, day, run),
        "report": _report(figures, folder) if figures else None,
    }


def _figures(folder: str) -> Figures | None:
    """Return the archived figures; None where another version of the code wrote them."""
    try:
        return archive.read_figures(folder)
    except StagingError:
        return None


@wording.in_report_locale
def _report(figures: Figures, folder: str) -> dict[str, Any]:
    texts = page_texts(figures)
    charts = inline_charts.inlined(folder, texts["charts"])
    thumbnails = {sku: position for position, sku in enumerate(_thumbnails(figures))}
    for section in texts["sections"]:
        if section["id"].startswith("changes_"):  # one heading in the PDF, several on the page
            section["title"] = f"Change {section['title'].lower()}"
    return texts | {"pictures": charts, "thumbnails": thumbnails}


def _thumbnails(figures: Figures) -> dict[str, str]:
    """Return the URIs of the products' thumbnails by SKU, in a fixed order."""
    changes = figures.changes
    products = [
        *figures.products,
        *(changes.rising if changes else ()),
        *(changes.falling if changes else ()),
    ]
    return {each.sku: each.thumbnail for each in products if each.thumbnail}


@wording.in_report_locale
def _restated(loaded: DayState | None, currency: str) -> list[list[str]]:
    """Return the figures that changed after the mail: label, as mailed, now, change."""
    rows = []
    for name, (mailed, now) in day_status.restated_figures(loaded).items() if loaded else ():
        label, kind, _ = HEADLINE[name]
        figures = [wording.figure(value, kind, currency) for value in (mailed, now)]
        rows.append([label, *figures, wording.change(now, mailed)])
    return rows


def _actions(page: PageRequest, day: date, run: Run | None) -> dict[str, Any] | None:
    """Return what the forms need; None without a run to restart, or the right to do so."""
    if run is None or not page.user.may_restart:
        return None
    try:
        sources, failed = day_status.required_sources(), ""
    except PipelineError as error:
        sources, failed = [], f"{str(error).rstrip('.')}."
    return {
        "token": access.form_token(page.request, page.user, day),
        "sources": [(source, wording.source_name(source)) for source in sources],
        "failed": failed,
        "busy": run.state in UNDER_WAY,
    }


def _no_report(day: date, page: PageRequest, run: Run | None) -> str:
    if day > page.newest:
        return "This day has not ended yet. Its report is built the morning after."
    if run and run.state in UNDER_WAY:
        return "A run of this day is under way and builds its report."
    if run:
        return "The newest run of this day has not built its report."
    if day == page.awaited:
        return f"Its daily run is not due yet: it begins at {wording.instant(page.due_at)}."
    return f"No run has loaded this day. To load it: make backfill FROM={day} TO={day}."
