"""The page *Forecast*: the next four weeks, past forecasts vs actual sales, the model."""

from datetime import date

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from ecommerce.core.errors import StagingError
from ecommerce.core.names import DAG_FORECAST
from ecommerce.core.settings import load_settings
from ecommerce.forecast.report import archive, charts
from ecommerce.forecast.report.view import page_texts
from ecommerce.pages import access, responses
from ecommerce.pages.access import Day
from ecommerce.reporting.archive import FIGURES_CSV, FIGURES_JSON, PREVIEW

router = APIRouter(prefix="/forecast", dependencies=[Depends(access.reads_forecasts)])

DOWNLOADS = (
    (archive.PDF, "PDF", "Forecast as PDF"),
    (FIGURES_CSV, "CSV", "Forecasts as CSV"),
    (FIGURES_JSON, "JSON", "Figures as JSON"),
)


@router.get("/")
def newest(request: Request) -> Response:
    """Show the newest forecast."""
    days = archive.archived(load_settings().reports_uri)
    if days:
        return _page(request, days[-1], f"{days[-1]}/")
    words = f"There is no forecast yet: the DAG {DAG_FORECAST} makes one when all days of a week are loaded."
    texts = {"section": "Forecast", "status": None, "words": words}
    return responses.page(request, "message.html", "No forecast yet", texts)


@router.get("/{as_of}/")
def show(request: Request, as_of: Day) -> Response:
    """Show one forecast."""
    return _page(request, as_of, "")


@router.get("/{as_of}/{name}")
def file(as_of: Day, name: str) -> Response:
    """Return a file of a forecast."""
    shown = {PREVIEW, charts.SVG, charts.NARROW_SVG}
    return responses.archived_file(archive, as_of, name, "sales-forecast", shown)


def _page(request: Request, as_of: date, folder: str) -> Response:
    """`folder`: the relative path from the page to the forecast's files."""
    reports_uri = load_settings().reports_uri
    days = archive.archived(reports_uri)
    if as_of not in days:
        raise HTTPException(404, f"There is no forecast as of {as_of}.")
    try:
        figures = archive.read_figures(archive.folder_of(reports_uri, as_of))
        report = page_texts(figures)
    except StagingError:
        # Another version of the code wrote the figures.
        report = None
    older = [day for day in days if day < as_of]
    newer = [day for day in days if day > as_of]
    texts = {
        "section": "Forecast",
        "as_of": as_of,
        "folder": folder,
        "narrow": charts.NARROW_SVG,
        "downloads": DOWNLOADS,
        "older": older,
        "newer": newer,
        "report": report,
    }
    return responses.page(request, "forecast.html", f"Sales forecast {as_of}", texts)
