"""The status of a business day: one word, chosen from what Airflow, the warehouse and the archive say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

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
        Status("incomplete", "Incomplete", "!", "a source or a partner's file is missing"),
        Status("running", "Running", "…", "a run of the day is under way"),
        Status("failed", "Failed", "✕", "the newest run of the day failed"),
        Status("missing", "Missing", "–", "no run has loaded this day"),
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
    complete: bool | None = None,
    newest: date,
) -> Status | None:
    """The status of `day`; None where there is nothing to say: the day is not over, or was before the shop.

    Args:
        run: the day's newest.
        days: what the warehouse says; None where it could not be asked.
        archived: whether there is a report.
        complete: what that report says, where the warehouse could not be asked.
        newest: the newest day that has ended.
    """
    known = days.days.get(day) if days else None
    if run and run.state in UNDER_WAY:
        return STATUSES["running"]
    if run and run.state == "failed":
        return STATUSES["failed"]
    if known is None and not archived:
        is_gap = days is not None and days.first is not None and days.first < day <= newest
        return STATUSES["missing"] if is_gap else None
    mails = days.mails.get(day, 0) if days else 0
    if not (archived or run or mails):
        return STATUSES["history"]
    if not (known.complete if known else complete is not False):
        return STATUSES["incomplete"]
    if mails:
        return STATUSES["corrected" if mails > 1 else "mailed"]
    return STATUSES["made" if days else "archived"]


def is_restated(day: date, days: Days) -> bool:
    """Whether figures of the day are not what was mailed last."""
    known = days.days.get(day)
    return bool(known and changed(known))
