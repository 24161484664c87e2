"""The forecasts' archive `<REPORTS_URI>/forecasts/<as of>/`: one folder per forecast, the newest report wins.

A folder holds `forecast.pdf`, `page-1.png`, `figures.json`, `figures.csv`, the chart as two SVG and a PNG,
and the manifest of `ecommerce.storage.staging`, which makes it complete. The daily reports have folders
named by days, next to `forecasts/`.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta

from ecommerce.core.business_day import day_window
from ecommerce.core.errors import StagingError
from ecommerce.forecast.report import charts, document
from ecommerce.forecast.report.figures import Figures, figures_csv, figures_hash
from ecommerce.forecast.weeks import HORIZON
from ecommerce.storage import staging

FOLDER = "forecasts"
FIGURES_JSON, FIGURES_CSV = "figures.json", "figures.csv"
FILES = {
    document.PDF: "application/pdf",
    document.PREVIEW: "image/png",
    FIGURES_JSON: "application/json",
    FIGURES_CSV: "text/csv; charset=utf-8",
    charts.SVG: "image/svg+xml",
    charts.NARROW_SVG: "image/svg+xml",
}
"""What pages show of a forecast's folder, with media types; nothing else is served from it."""


def folder_of(reports_uri: str, as_of: date) -> str:
    """The URI of one forecast's folder."""
    return f"{reports_uri}/{FOLDER}/{as_of.isoformat()}"


def publish(reports_uri: str, figures: Figures) -> str:
    """Lay the report out, put it into the archive and return its folder there.

    Raises:
        StagingError: the archive cannot be written.
    """
    uri = folder_of(reports_uri, figures.as_of)
    first = day_window(figures.as_of, figures.provenance.timezone)
    with staging.publish(uri) as draft:
        (draft.path / FIGURES_JSON).write_text(figures.to_json(), encoding="utf-8")
        (draft.path / FIGURES_CSV).write_text(figures_csv(figures), encoding="utf-8")
        document.write(figures, draft.path)
        draft.seal(
            source="forecast_report",
            business_date=figures.as_of - timedelta(days=1),
            rows=1,
            columns={path.name: [] for path in sorted(draft.path.iterdir())},
            read_at=figures.provenance.generated_at,
            window_start=first.start,
            window_end=first.shifted(HORIZON - 1).end,
        )
    return uri


def read_figures(uri: str) -> Figures:
    """The figures in a published folder.

    Raises:
        StagingError: the folder is not there, or another version of this code has written it.
    """
    try:
        return Figures.model_validate_json(_read(uri, FIGURES_JSON))
    except ValueError:
        raise StagingError(f"the figures at {uri} were written by another version of this code") from None


def read_report(uri: str, expected_hash: str) -> tuple[Figures, bytes, bytes]:
    """The figures, the PDF and the chart's PNG of an archived report.

    Raises:
        StagingError: it is gone, or another run has archived other figures since.
    """
    figures = read_figures(uri)
    if figures_hash(figures) != expected_hash:
        raise StagingError(
            f"the forecast at {uri} has other figures than this run made: a newer run has replaced it"
        )
    return figures, _read(uri, document.PDF), _read(uri, charts.PNG)


def read_file(reports_uri: str, as_of: date, name: str) -> bytes | None:
    """One of `FILES` of an archived forecast; None where there is no such file."""
    if name not in FILES:
        return None
    try:
        return bytes((staging.storage_path(folder_of(reports_uri, as_of)) / name).read_bytes())
    except FileNotFoundError:
        return None


def archived(reports_uri: str) -> list[date]:
    """The first days of all archived forecasts, in order: one a week, so ten years are 520 names.

    Raises:
        StagingError: the archive cannot be read.
    """
    root = f"{reports_uri}/{FOLDER}"
    with staging.storage_errors(root):
        path = staging.storage_path(root)
        try:
            found = path.fs.ls(path.path, detail=False)
        except FileNotFoundError:
            return []
    days = []
    for each in found:
        with suppress(ValueError):
            days.append(date.fromisoformat(str(each).rstrip("/").rpartition("/")[2]))
    return sorted(days)


def _read(uri: str, name: str) -> bytes:
    with staging.storage_errors(uri):
        try:
            return bytes((staging.storage_path(uri) / name).read_bytes())
        except FileNotFoundError:
            raise StagingError(f"no {name} at {uri}: clear the task `report` with downstream") from None
