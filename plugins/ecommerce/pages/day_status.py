"""The status of a business day: one label, from Airflow's runs, the warehouse and the archive."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from ecommerce.core.text import NOTHING
from ecommerce.pages.access import PageRequest
from ecommerce.pages.runs import Run
from ecommerce.sales.days import state
from ecommerce.sales.days.state import DayState
from ecommerce.sales.source_policy import required_sources
from ecommerce.warehouse.client import Warehouse


@dataclass(frozen=True)
class Days:
    """Days in the warehouse, the first day for which it has figures at all, and the `required` sources;
    nothing where `failed` explains why."""

    days: Mapping[date, DayState] = field(default_factory=dict)
    first: date | None = None
    required: Sequence[str] = ()
    failed: str = ""

    def state(self, day: date) -> DayState:
        """Return the state of `day`, without any figure where it is not in the warehouse."""
        return self.days.get(day) or DayState(day, {}, complete=False)


@dataclass(frozen=True)
class Status:
    """`code` is a class of the style sheet; `sign` precedes the `label`, so that colour is never the only
    difference; `meaning` is for the legend."""

    code: str
    label: str
    sign: str
    meaning: str


MAILED = Status("mailed", "Mailed", "✓", "complete, and the report was mailed")
CORRECTED = Status(
    "corrected", "Corrected", "↻", "mailed again after figures had changed"
)
BUILT = Status(
    "made", "Report built", "○", "complete; the report was built and not mailed"
)
ARCHIVED = Status(
    "archived",
    "Report",
    "○",
    "a report is in the archive; the warehouse is unavailable",
)
INCOMPLETE = Status(
    "incomplete",
    "Incomplete",
    "!",
    "a source or a partner's file is missing, or a source has unusually few orders",
)
RUNNING = Status("running", "Running", "…", "a run is under way")
FAILED = Status("failed", "Failed", "✕", "the newest run failed")
WAITING = Status(
    "waiting", "Not yet run", "◌", "the day has ended; its daily run is not due yet"
)
MISSING = Status("missing", "Missing", NOTHING, "not loaded by any run")
OPEN = Status(
    "open", "In progress", "◔", "the day has not ended; its figures are those so far"
)
HISTORY = Status(
    "history", "No report", "·", "loaded from an export, which builds no report"
)
STATUS_OF_RUN = {"failed": FAILED, "queued": RUNNING, "running": RUNNING}


def load_days(page: PageRequest, first: date, last: date) -> Days:
    """Return the days from `first` to `last`. `failed` has the errors of `Warehouse.query` and
    `read_policies`."""

    def query(warehouse: Warehouse) -> Days:
        required = required_sources()
        states = state.load_day_states(warehouse, first, last)
        [bounds] = warehouse.query("report/pages/loaded_days.sql")
        days = {day.business_date: day for day in states}
        return Days(days, bounds["first_day"], required)

    days, failed = page.warehouse.run(query)
    return days or Days(failed=failed)


def status_of(
    day: date, page: PageRequest, run: Run | None, days: Days, *, archived: bool
) -> Status | None:
    """Return the status of `day`; None for a day before the shop's first, and for one that has not ended and
    has no orders yet. `run` is the day's newest run. `archived`: whether there is a report."""
    if run and run.state in STATUS_OF_RUN:
        return STATUS_OF_RUN[run.state]
    if day in days.days:
        return _status_of_loaded(days.days[day], page, run, archived=archived)
    if archived:
        return ARCHIVED if days.failed else BUILT
    if days.first and days.first < day <= page.newest:
        if day == page.awaited and run is None:
            return WAITING
        return MISSING
    return None


def _status_of_loaded(
    loaded: DayState, page: PageRequest, run: Run | None, *, archived: bool
) -> Status:
    day = loaded.business_date
    if day > page.newest:
        return OPEN
    if not archived and run is None and not loaded.mail_count:
        return WAITING if day == page.awaited else HISTORY
    if not loaded.complete:
        return INCOMPLETE
    if loaded.mail_count == 0:
        return BUILT
    return MAILED if loaded.mail_count == 1 else CORRECTED
