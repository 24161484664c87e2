"""The status of a business day: one label, from Airflow's runs, the warehouse and the archive."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from ecommerce.core.errors import PipelineError
from ecommerce.core.text import NOTHING
from ecommerce.pages.runs import UNDER_WAY, Run
from ecommerce.sales import day_state
from ecommerce.sales.day_state import DayState
from ecommerce.sales.source_policy import REQUIRED, source_policy
from ecommerce.sources import SOURCES
from ecommerce.warehouse.client import Warehouse


@dataclass(frozen=True, slots=True)
class Days:
    """Days in the warehouse, and the first and the last day for which it has figures at all."""

    days: Mapping[date, DayState] = field(default_factory=dict)
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """`code` is a class of the style sheet; `sign` precedes the `label`, so that colour is never the only
    difference; `meaning` is for the legend."""

    code: str
    label: str
    sign: str
    meaning: str


STATUSES = {
    each.code: each
    for each in (
        Status("mailed", "Mailed", "✓", "complete, and the report was mailed"),
        Status("corrected", "Corrected", "↻", "mailed again after figures had changed"),
        Status("made", "Report made", "○", "complete; the report was built and not mailed"),
        Status("archived", "Report", "○", "a report is in the archive; the warehouse is unavailable"),
        Status(
            "incomplete",
            "Incomplete",
            "!",
            "a source or a partner's file is missing, or a source has unusually few orders",
        ),
        Status("running", "Running", "…", "a run is under way"),
        Status("failed", "Failed", "✕", "the newest run failed"),
        Status("waiting", "Not yet run", "◌", "the day has ended; its daily run is not due yet"),
        Status("missing", "Missing", NOTHING, "not loaded by any run"),
        Status("open", "Not over", "◔", "the day has not ended; loaded so far"),
        Status("history", "No report", "·", "loaded from an export, without a report"),
    )
}
"""By code, in the order of the legend."""


def load_days(warehouse: Warehouse, first: date, last: date) -> Days:
    """Return the days from `first` to `last`.

    Raises:
        PipelineError: as `Warehouse.query`.
    """
    try:
        required: Collection[str] = required_sources()
    except PipelineError:
        required = SOURCES  # the page of a day shows the policy's error
    days = day_state.load_day_states(warehouse, first, last, required)
    [bounds] = warehouse.query("report/pages/loaded_days.sql")
    return Days({each.business_date: each for each in days}, bounds["first_day"], bounds["last_day"])


def required_sources() -> list[str]:
    """Return the sources that a complete day needs.

    Raises:
        ConfigurationError: the Variable `source_policy` is invalid.
    """
    policies = source_policy()
    return [source for source in SOURCES if policies[source] == REQUIRED]


def restated_figures(day: DayState) -> dict[str, tuple[Decimal | None, Decimal | None]]:
    """Return the figures that changed after the mail, by name: as mailed, and now."""
    return {name: (mailed, day.figure(name)) for name, mailed in day.mailed.items()}


def status_of(
    day: date,
    run: Run | None,
    days: Days | None,
    *,
    archived: bool,
    newest: date,
    awaited: date | None = None,
    complete: bool | None = None,
) -> Status | None:
    """Return the status of `day`; None for a day before the shop's first, and for one that has not ended and
    has no orders yet.

    Args:
        day: the business day.
        run: its newest run.
        days: from the warehouse; None where that is unavailable.
        archived: whether there is a report.
        newest: the newest day that has ended.
        awaited: that day, until its scheduled run is due.
        complete: as archived, for when the warehouse is unavailable.
    """
    code = ""
    if run and run.state in UNDER_WAY:
        code = "running"
    elif run and run.state == "failed":
        code = "failed"
    elif days is None:
        code = ("incomplete" if complete is False else "archived") if archived else ""
    else:
        loaded = days.days.get(day)
        is_reported = bool(archived or run or (loaded and loaded.mails))
        is_in_shop = loaded is not None or (days.first is not None and days.first < day <= newest)
        if day > newest and loaded:
            code = "open"
        elif day == awaited and is_in_shop and not is_reported:
            code = "waiting"
        elif loaded or archived:
            code = _reported_code(loaded) if is_reported else "history"
        elif is_in_shop:
            code = "missing"
    return STATUSES.get(code)


def _reported_code(loaded: DayState | None) -> str:
    if loaded and not loaded.complete:
        return "incomplete"
    mails = loaded.mails if loaded else 0
    return ("corrected" if mails > 1 else "mailed") if mails else "made"
