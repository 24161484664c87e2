"""The status of a business day: one word, chosen from what Airflow, the warehouse and the archive say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ecommerce.core.text import NOTHING
from ecommerce.pages.runs import UNDER_WAY, Run
from ecommerce.pages.standing import Days, changed


@dataclass(frozen=True, slots=True)
class Status:
    """`code` is a class of the style sheet; `sign` stands before the `label`, so that colour never says it
    alone; `meaning` explains it in the legend."""

    code: str
    label: str
    sign: str
    meaning: str


STATUSES = {
    each.code: each
    for each in (
        Status("mailed", "Mailed", "✓", "complete, and the report was mailed"),
        Status("corrected", "Corrected", "↻", "mailed again, because figures had changed"),
        Status("made", "Report made", "○", "complete; the report is here and was not mailed"),
        Status("archived", "Report", "○", "the report is here; what became of it cannot be asked now"),
        Status(
            "incomplete",
            "Incomplete",
            "!",
            "a source or a partner's file is missing, or a source is unusually empty",
        ),
        Status("running", "Running", "…", "a run of the day is under way"),
        Status("failed", "Failed", "✕", "the newest run of the day failed"),
        Status("missing", "Missing", NOTHING, "no run has loaded this day"),
        Status("open", "Not over", "◔", "the day has not ended; what was read of it so far"),
        Status("history", "No report", "·", "loaded by an export; no report was made"),
    )
}
"""By their codes, in the order of the legend."""


def status_of(
    day: date,
    run: Run | None,
    days: Days | None,
    *,
    archived: bool,
    newest: date,
    complete: bool | None = None,
) -> Status | None:
    """The status of `day`; None where there is nothing to say: nothing was read of a day that is
    not over, or it was before the shop.

    Args:
        run: the day's newest.
        days: what the warehouse says; None where it could not be asked.
        archived: whether there is a report.
        newest: the newest day that has ended.
        complete: what that report says, where the warehouse could not be asked.
    """
    code = ""
    if run and run.state in UNDER_WAY:
        code = "running"
    elif run and run.state == "failed":
        code = "failed"
    elif days is not None and day > newest and day in days.days:
        code = "open"
    elif days is None:
        code = ("incomplete" if complete is False else "archived") if archived else ""
    elif day in days.days or archived:
        code = _of_loaded(day, days, is_reported=archived or run is not None)
    elif days.first is not None and days.first < day <= newest:
        code = "missing"
    return STATUSES.get(code)


def _of_loaded(day: date, days: Days, *, is_reported: bool) -> str:
    known, mails = days.days.get(day), days.mails.get(day, 0)
    if not (is_reported or mails):
        return "history"
    if known and not known.complete:
        return "incomplete"
    return ("corrected" if mails > 1 else "mailed") if mails else "made"


def is_restated(day: date, days: Days) -> bool:
    """Whether figures of the day are not what was mailed last."""
    known = days.days.get(day)
    return bool(known and changed(known))
