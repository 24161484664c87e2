"""The status of a business day: one word, from Airflow's runs, the warehouse and the archive."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

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
        unknown = DayState(business_date=day, figures={}, complete=False)
        return self.days.get(day, unknown)


STATUS_OF_RUN = {"failed": "failed", "queued": "running", "running": "running"}


def load_days(page: PageRequest, first: date, last: date) -> Days:
    """Return the days from `first` to `last`. `failed` has the errors of `Warehouse.query` and
    `read_policies`."""

    def query(warehouse: Warehouse) -> Days:
        required = required_sources()
        states = state.load_day_states(warehouse, first, last)
        [bounds] = warehouse.query("warehouse/tables/daily_summary/loaded_days.sql")
        days = {day.business_date: day for day in states}
        return Days(days, bounds["first_day"], required)

    days, failed = page.warehouse.run(query)
    return days or Days(failed=failed)


def status_of(
    day: date, page: PageRequest, run: Run | None, days: Days, *, archived: bool
) -> str:
    """Return the status of `day`, a key of `STATUSES` in `pages/parts.html`; empty for a day before the
    shop's first, and for one that has not ended and has no orders yet. `run` is the day's newest run.
    `archived`: whether there is a report."""
    if run and run.state in STATUS_OF_RUN:
        return STATUS_OF_RUN[run.state]
    if day in days.days:
        return _status_of_loaded(days.days[day], page, run, archived=archived)
    if archived:
        return "archived" if days.failed else "made"
    if days.first and days.first < day <= page.newest:
        if day == page.awaited and run is None:
            return "waiting"
        return "missing"
    return ""


def _status_of_loaded(
    loaded: DayState, page: PageRequest, run: Run | None, *, archived: bool
) -> str:
    day = loaded.business_date
    if day > page.newest:
        return "open"
    if not archived and run is None and not loaded.mail_count:
        return "waiting" if day == page.awaited else "history"
    if not loaded.complete:
        return "incomplete"
    if loaded.mail_count == 0:
        return "made"
    return "mailed" if loaded.mail_count == 1 else "corrected"
