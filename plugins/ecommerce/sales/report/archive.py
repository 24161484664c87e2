"""The report archive `<REPORTS_URI>/<business_date>/`: one folder per day, the newest report of the day wins.

A folder holds `report.pdf`, `page-1.png`, `figures.json`, `figures.csv`, the charts, and the manifest of
`ecommerce.storage.staging` that says it is complete.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date

from ecommerce.core.errors import StagingError
from ecommerce.runtime import metrics
from ecommerce.sales.report import document
from ecommerce.sales.report.charts import chart_files
from ecommerce.sales.report.figures.model import Figures, figures_hash
from ecommerce.sales.report.figures_csv import figures_csv
from ecommerce.storage import staging

FIGURES_JSON, FIGURES_CSV = "figures.json", "figures.csv"
FILES = {
    document.PDF: "application/pdf",
    document.PREVIEW: "image/png",
    FIGURES_JSON: "application/json",
    FIGURES_CSV: "text/csv; charset=utf-8",
    **dict.fromkeys(chart_files.CHARTS, "image/svg+xml"),
    chart_files.TREND_PNG: "image/png",
}
"""What a day's folder holds, with media types; nothing else is served from it."""


def folder_of(reports_uri: str, day: date) -> str:
    """The URI of one day's folder."""
    return f"{reports_uri}/{day.isoformat()}"


def publish(reports_uri: str, figures: Figures) -> str:
    """Draw the charts, lay out the PDF, put the report into the archive and return the day's folder there.

    Raises:
        StagingError: the archive cannot be written.
    """
    uri, origin = folder_of(reports_uri, figures.business_date), figures.provenance
    with staging.publish(uri) as draft:
        (draft.path / FIGURES_JSON).write_text(figures.to_json(), encoding="utf-8")
        (draft.path / FIGURES_CSV).write_text(figures_csv(figures), encoding="utf-8")
        document.write(figures, draft.path)
        draft.seal(
            source="report",
            business_date=figures.business_date,
            rows=1,
            columns={path.name: [] for path in sorted(draft.path.iterdir())},
            read_at=origin.generated_at,
            window_start=origin.window_start,
            window_end=origin.window_end,
        )
    metrics.business_day_done("report", origin.window_end)
    return uri


def read_figures(uri: str) -> Figures:
    """The figures in a published folder.

    Raises:
        StagingError: the folder is not there, or another version of this code has written it.
    """
    path = staging.storage_path(uri) / FIGURES_JSON
    try:
        return Figures.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise StagingError(f"no report at {uri}: clear the report group of that day's latest run") from None
    except ValueError:
        raise StagingError(f"the figures at {uri} were written by another version of this code") from None


def read_report(uri: str, expected_hash: str) -> tuple[Figures, bytes]:
    """The figures and the PDF of an archived report.

    Raises:
        StagingError: it is gone, or another run has archived other figures since.
    """
    figures = read_figures(uri)
    if figures_hash(figures) != expected_hash:
        raise StagingError(
            f"the report at {uri} has other figures than this run made: a newer run has replaced it"
        )
    return figures, (staging.storage_path(uri) / document.PDF).read_bytes()


def read_file(reports_uri: str, day: date, name: str) -> bytes | None:
    """One of `FILES` of an archived day; None where there is no such file."""
    if name not in FILES:
        return None
    try:
        return bytes((staging.storage_path(folder_of(reports_uri, day)) / name).read_bytes())
    except FileNotFoundError:
        return None


def is_archived(reports_uri: str, day: date) -> bool:
    """Whether there is a report of the day.

    Raises:
        OSError: the archive cannot be read.
    """
    try:
        # Not exists(): of a store that fails it says that nothing is there.
        (staging.storage_path(folder_of(reports_uri, day)) / document.PDF).stat()
    except FileNotFoundError:
        return False
    return True


def archived_days(reports_uri: str, year: int, month: int) -> list[date]:
    """The archived days of one month, in order; other months are not looked at.

    Raises:
        StagingError: the archive cannot be read.
    """
    with staging.storage_errors(reports_uri):
        root = staging.storage_path(reports_uri)
        found = root.fs.glob(f"{root.path.rstrip('/')}/{year:04}-{month:02}-[0-9][0-9]")
    days = []
    for path in found:
        # Beside the days lie folders that are just being written.
        with suppress(ValueError):
            days.append(date.fromisoformat(str(path).rstrip("/").rpartition("/")[2]))
    return sorted(days)
