"""The page *Forecast*: the next four weeks, past forecasts vs actual sales, the model card."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from ecommerce.core.errors import StagingError
from ecommerce.core.names import DAG_FORECAST
from ecommerce.core.settings import load_settings
from ecommerce.core.text import in_report_locale
from ecommerce.forecast.report import archive, charts
from ecommerce.forecast.report.figures import ForecastFigures
from ecommerce.forecast.report.view import page_texts
from ecommerce.pages import access, inline_charts, responses
from ecommerce.pages.page_request import Day
from ecommerce.reporting.archive import FIGURES_CSV, FIGURES_JSON, PREVIEW

reads_forecasts = access.may_read(DAG_FORECAST)
router = APIRouter(prefix="/forecast", dependencies=[Depends(reads_forecasts)])

DOWNLOADS = (
    (archive.PDF, "PDF", "Forecast as PDF"),
    (FIGURES_CSV, "CSV", "Forecasts as CSV"),
    (FIGURES_JSON, "JSON", "Figures as JSON"),
)
_SHOWN_INLINE = {PREVIEW, charts.SVG, charts.NARROW_SVG}


@router.get("")
def without_slash() -> Response:
    """Redirect to the page of the newest forecast."""
    return responses.with_slash("forecast")


@router.get("/")
def newest(request: Request) -> Response:
    """Show the newest forecast."""
    days = _archived()
    if not days:
        words = (
            f"There is no forecast yet: the DAG {DAG_FORECAST} makes one when all days of a week are loaded."
        )
        texts = {"section": "Forecast", "status": None, "words": words}
        return responses.page(request, "message.html", "No forecast yet", texts)
    return _page(request, days[-1], days, f"{days[-1]}/")


@router.get("/{as_of}")
def of_day_without_slash(as_of: Day) -> Response:
    """Redirect to the page of a forecast."""
    return responses.with_slash(as_of)


@router.get("/{as_of}/")
def show(request: Request, as_of: Day) -> Response:
    """Show one forecast."""
    return _page(request, as_of, _archived(), "")


@router.get("/{as_of}/{name}")
def file(as_of: Day, name: str) -> Response:
    """Return a file of a forecast."""
    if (content := archive.read_file(load_settings().reports_uri, as_of, name)) is None:
        raise HTTPException(404, "There is no such file.")
    attachment = None if name in _SHOWN_INLINE else f"sales-forecast-{as_of}-{name}"
    return responses.file(content, archive.FILES[name], attachment)


def _archived() -> list[date]:
    return archive.archived(load_settings().reports_uri)


def _page(request: Request, as_of: date, days: list[date], folder: str) -> Response:
    """`folder`: the relative path from the page to the forecast's files."""
    if as_of not in days:
        raise HTTPException(404, f"There is no forecast as of {as_of}.")
    uri = archive.folder_of(load_settings().reports_uri, as_of)
    try:
        figures: ForecastFigures | None = archive.read_figures(uri)
    except StagingError:
        figures = None  # written by another version of the code
    place = days.index(as_of)
    texts = {
        "section": "Forecast",
        "as_of": as_of,
        "folder": folder,
        "downloads": DOWNLOADS,
        "previous": days[place - 1] if place else None,
        "next": days[place + 1] if place + 1 < len(days) else None,
        "report": _report(figures, uri, folder) if figures else None,
    }
    return responses.page(request, "forecast.html", f"Sales forecast {as_of}", texts)


@in_report_locale
def _report(figures: ForecastFigures, uri: str, folder: str) -> dict[str, Any]:
    texts = page_texts(figures)
    files = dict.fromkeys((charts.SVG, charts.NARROW_SVG), texts["chart_alt"])
    drawn = inline_charts.inlined(uri, files, folder)
    if wide := drawn[charts.SVG]:
        wide["narrow"] = drawn[charts.NARROW_SVG]
    return {
        **{name: texts[name] for name in ("heading", "scope", "notices", "tiles", "sections")},
        "pictures": drawn,
        "thumbnails": {},
    }
