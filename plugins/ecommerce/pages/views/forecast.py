"""The page *Forecast*: the next four weeks, past forecasts vs actual sales, the model."""

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from ecommerce.core.settings import load_settings
from ecommerce.forecast.report import archive, charts
from ecommerce.forecast.report.view import page_texts
from ecommerce.pages import access, responses
from ecommerce.pages.access import Day

router = APIRouter(prefix="/forecast", dependencies=[Depends(access.reads_forecasts)])


@router.get("/")
@router.get("/{as_of}/")
def show(request: Request, as_of: Day | None = None) -> Response:
    """Show one forecast, by default the newest."""
    days = archive.ARCHIVE.days(load_settings().reports_uri)
    # The relative path from the page to the forecast's files.
    folder = ""
    if as_of is None:
        if not days:
            return responses.page(request, "no_forecast.html", {})
        as_of = days[-1]
        folder = f"{as_of}/"
    if as_of not in days:
        raise HTTPException(404, f"There is no forecast as of {as_of}.")
    figures = responses.archived_figures(archive.ARCHIVE, as_of)
    variables = {
        "as_of": as_of,
        "folder": folder,
        "narrow": charts.NARROW_SVG,
        "days": days,
        "report": figures and page_texts(figures),
    }
    return responses.page(request, "forecast.html", variables)


@router.get("/{as_of}/{name}")
def file(as_of: Day, name: str) -> Response:
    """Return a file of a forecast."""
    label = f"sales-forecast-{as_of}"
    return responses.archived_file(archive.ARCHIVE, as_of, name, label)
