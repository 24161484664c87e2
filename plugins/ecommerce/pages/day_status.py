"""The status of a business day: one label, from Airflow's runs, the warehouse and the archive."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import NamedTuple

from ecommerce.core.errors import PipelineError
from ecommerce.core.text import NOTHING
from ecommerce.pages.access import PageRequest
from ecommerce.pages.runs import UNDER_WAY, Run
from ecommerce.sales import day_state
from ecommerce.sales.day_state import DayState
from ecommerce.sales.report.figures.model import Figures
from ecommerce.sales.source_policy import REQUIRED, source_policy
from ecommerce.sources import SOURCES
from ecommerce.warehouse.client import Warehouse


class Days(NamedTuple):
    """Days in the warehouse, and the first and the last day for which it has figures at all."""

    days: Mapping[date, DayState] = {}
    first: date | None = None
    last: date | None = None


class Status(NamedTuple):
    """`code` is a class of the style sheet; `sign` precedes the `label`, so that colour is never the only
    difference; `meaning` is for the legend."""

    code: str
    label: str
    sign: str
    meaning: str


_LACKS = "a source or a partner's file is missing, or a source has unusually few orders"
STATUSES = {
    each.code: each
    for each in (
        Status("mailed", "Mailed", "✓", "complete, and the report was mailed"),
        Status("corrected", "Corrected", "↻", "mailed again after figures had changed"),
        Status(
            "made", "Report made", "○", "complete; the report was built and not mailed"
        ),
        Status(
            "archived",
            "Report",
            "○",
            "a report is in the archive; the warehouse is unavailable",
        ),
        Status("incomplete", "Incomplete", "!", _LACKS),
        Status("running", "Running", "…", "a run is under way"),
        Status("failed", "Failed", "✕", "the newest run failed"),
        Status(
            "waiting",
            "Not yet run",
            "◌",
            "the day has ended; its daily run is not due yet",
        ),
        Status("missing", "Missing", NOTHING, "not loaded by any run"),
        Status(
            "open",
            "In progress",
            "◔",
            "the day has not ended; its figures are those so far",
        ),
        Status(
            "history", "No report", "·", "loaded from an export, which builds no report"
        ),
    )
}
"""By code, in the order of the legend."""


def load_days(warehouse: Warehouse, first: date, last: date) -> Days:
    """Return the days from `first` to `last`; raises as `Warehouse.query`."""
    try:
        required: Collection[str] = required_sources()
    except PipelineError:
        required = SOURCES  # the page of a day shows the policy's error
    days = day_state.load_day_states(warehouse, first, last, required)
    [bounds] = warehouse.query("report/pages/loaded_days.sql")
    return Days(
        {each.business_date: each for each in days},
        bounds["first_day"],
        bounds["last_day"],
    )


def required_sources() -> list[str]:
    """Return the sources that a complete day needs; raises as `source_policy`."""
    policies = source_policy()
    return [source for source in SOURCES if policies[source] == REQUIRED]


def status_of(
    day: date,
    page: PageRequest,
    run: Run | None,
    days: Days | None,
    figures: Figures | None,
    *,
    archived: bool,
) -> Status | None:
    """Return the status of `day`; None for a day before the shop's first, and for one that has not ended and
    has no orders yet. `run` is the day's newest run. `days` is None where the warehouse is unavailable; the
    archived `figures` are for that case. `archived`: whether there is a report."""
    code = ""
    loaded = days.days.get(day) if days else None
    is_reported = bool(archived or run or (loaded and loaded.mails))
    is_in_shop = bool(
        loaded or (days and days.first and days.first < day <= page.newest)
    )
    if run and run.state in (*UNDER_WAY, "failed"):
        code = "failed" if run.state == "failed" else "running"
    elif days is None:
        known = (
            "incomplete"
            if figures and figures.quality.complete is False
            else "archived"
        )
        code = known if archived else ""
    elif day > page.newest and loaded:
        code = "open"
    elif day == page.awaited and is_in_shop and not is_reported:
        code = "waiting"
    elif loaded and is_reported:
        mailed = ("made", "mailed", "corrected")[min(loaded.mails, 2)]
        code = mailed if loaded.complete else "incomplete"
    elif loaded or archived:
        code = "made" if archived else "history"
    elif is_in_shop:
        code = "missing"
    return STATUSES.get(code)
