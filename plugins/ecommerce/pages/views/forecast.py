"""*Forecast*: the coming four weeks, the last eight against actual sales, and the model card."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from ecommerce.core import text as wording
from ecommerce.core.errors import StagingError
from ecommerce.core.names import DAG_FORECAST
from ecommerce.core.settings import load_settings
from ecommerce.forecast.report import archive, charts, document
from ecommerce.forecast.report.figures import Figures
from ecommerce.forecast.report.view import page_texts
from ecommerce.pages import access, inline_charts, responses
from ecommerce.pages.page_request import Day
from ecommerce.reporting.sections import Section, facts, name, number, sentences, table, word

router = APIRouter(prefix="/forecast", dependencies=[Depends(access.reads_forecasts)])

DOWNLOADS = (
    (document.PDF, "PDF", "Forecast as PDF"),
    (archive.FIGURES_CSV, "CSV", "Forecasts as CSV"),
    (archive.FIGURES_JSON, "JSON", "Figures as JSON"),
)
_SHOWN_INLINE = {document.PREVIEW, charts.SVG, charts.NARROW_SVG}


@router.get("")
def without_slash() -> Response:
    """Redirect to the newest forecast."""
    return responses.with_slash("forecast")


@router.get("/")
def newest(request: Request) -> Response:
    """Show the newest forecast."""
    days = _archived()
    if not days:
        words = f"No forecast yet: the DAG {DAG_FORECAST} makes one when all days of a week are loaded."
        texts = {"section": "Forecast", "status": None, "words": words}
        return responses.page(request, "message.html", "No forecast yet", texts)
    return _page(request, days[-1], days, f"{days[-1]}/")


@router.get("/{as_of}")
def of_day_without_slash(as_of: Day) -> Response:
    """Redirect to the forecast made as of a day."""
    return responses.with_slash(as_of)


@router.get("/{as_of}/")
def show(request: Request, as_of: Day) -> Response:
    """Show the forecast made as of a day."""
    return _page(request, as_of, _archived(), "")


@router.get("/{as_of}/{name}")
def file(as_of: Day, name: str) -> Response:
    """Return one of the archived files of a forecast, by its fixed name."""
    if (content := archive.read_file(load_settings().reports_uri, as_of, name)) is None:
        raise HTTPException(404, "There is no such file.")
    attachment = None if name in _SHOWN_INLINE else f"sales-forecast-{as_of}-{name}"
    return responses.file(content, archive.FILES[name], attachment)


def _archived() -> list[date]:
    return archive.archived(load_settings().reports_uri)


def _page(request: Request, as_of: date, days: list[date], folder: str) -> Response:
    """Show a forecast; `folder` is the path from the page to its files."""
    if as_of not in days:
        raise HTTPException(404, f"There is no forecast made as of {as_of}.")
    uri = archive.folder_of(load_settings().reports_uri, as_of)
    try:
        figures: Figures | None = archive.read_figures(uri)
    except StagingError:
        figures = None  # another version of the code wrote them
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


@wording.in_report_locale
def _report(figures: Figures, uri: str, folder: str) -> dict[str, Any]:
    texts = page_texts(figures)
    drawn = inline_charts.inlined(
        uri, dict.fromkeys((charts.SVG, charts.NARROW_SVG), texts["chart_alt"]), folder
    )
    if wide := drawn[charts.SVG]:
        wide["narrow"] = drawn[charts.NARROW_SVG]
    return {
        "heading": texts["heading"],
        "scope": texts["scope"],
        "notices": texts["notices"],
        "tiles": texts["tiles"],
        "pictures": drawn,
        "sections": sections(figures, texts),
        "thumbnails": {},
    }


def sections(figures: Figures, texts: dict[str, Any]) -> list[Section]:
    """Return the sections below the chart."""
    weeks = texts["weeks"]
    forecast = ("Forecast", "80 % interval", "Actual", "Difference", "Change")
    changes = ("Average week", "Coming week", "Difference", "Change")
    errors = ("Error over 13 weeks", "Error of the naive forecast")
    scored = ("Series", "Scored", "Forecast", "Actual", "Error (WAPE)", "Bias", "In 80 %", "In 95 %")
    history = ("Number", "History from", "Days")
    return [
        _coming(figures),
        table(
            "last-week",
            "Last week: forecast against actual",
            [word("Day"), *map(number, forecast), word("Verdict")],
            texts["last_week"],
            empty="No forecast was available for last week.",
            note="unusual: outside the 80 % interval; very unusual: outside the 95 % interval",
        ),
        _past(figures),
        table(
            "changes",
            "Largest expected changes",
            [name("Series"), word("Kind"), *map(number, changes)],
            texts["changes"],
            empty="No large changes are expected.",
            note="coming week vs the average of the last four weeks",
        ),
        table(
            "promotions",
            "Promotions of the coming four weeks",
            [word("When"), name("Product"), number("Discount")],
            texts["promotions"],
            empty="No promotions are announced.",
        ),
        table(
            "scores",
            "Forecast accuracy",
            [name("What"), *map(number, scored)],
            texts["scores"],
            empty="No forecast day has ended yet.",
            note="last eight weeks, by the forecast in force on each day",
            remarks=[texts["drift"]],
        ),
        table(
            "series",
            "Every series by week",
            [name("Series"), word("Kind"), number("Average"), *map(number, weeks), number("Change")],
            texts["series"],
            empty="None.",
            note="with sales; average: the last four weeks; change: of the coming week",
        ),
        table(
            "skipped",
            "Skipped",
            [name("Series"), word("Kind"), name("Reason")],
            texts["skipped"],
            empty="Every series has a forecast.",
        ),
        sentences("warnings", "Warnings", texts["warnings"], empty="None."),
        facts("card", "Model card", texts["card"]),
        table(
            "kinds",
            "Training data",
            [name("Series"), *map(number, history), name("Weights"), *map(number, errors)],
            texts["kinds"],
            empty="No model was trained.",
        ),
        facts("provenance", "Provenance", texts["provenance"]),
    ]


def _coming(figures: Figures) -> Section:
    days = figures.total.days if figures.total else []
    return table(
        "coming",
        "The coming four weeks",
        [word("Day"), number("Forecast"), number("80 % interval"), number("95 % interval")],
        [
            [
                wording.short_day(each.day),
                wording.count(each.expected.forecast),
                f"{wording.count(each.expected.lower_80)} to {wording.count(each.expected.upper_80)}",
                f"{wording.count(each.expected.lower_95)} to {wording.count(each.expected.upper_95)}",
            ]
            for each in days
        ],
        empty="No forecast could be made.",
        note=f"gross sales of the whole shop by day in {figures.currency}, after the eight weeks before",
        chart=charts.SVG,
    )


def _past(figures: Figures) -> Section:
    return table(
        "past",
        "The last eight weeks",
        [word("Day"), *map(number, ("Forecast", "Actual", "Change")), word("Verdict")],
        [
            [
                wording.short_day(each.day),
                wording.count(each.expected.forecast) if each.expected else wording.NOTHING,
                wording.count(each.actual),
                wording.change(each.actual, each.expected.forecast if each.expected else None),
                "incomplete" if each.actual is not None and not each.complete else each.mark or "",
            ]
            for each in reversed(figures.past)
        ],
        empty="No earlier day is loaded.",
        note="by the forecast in force on each day",
    )
