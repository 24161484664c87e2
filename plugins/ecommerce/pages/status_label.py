"""The status of a business day: one word, chosen from what Airflow, the warehouse and the archive say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ecommerce.core.text import NOTHING
from ecommerce.pages.day_status import Days
from ecommerce.pages.runs import UNDER_WAY, Run
from ecommerce.sales.day_state import Standing


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
        Status("waiting", "Not yet run", "◌", "the day has ended, and its daily run is not due yet"),
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
    awaited: date | None = None,
    complete: bool | None = None,
) -> Status | None:
    """The status of `day`; None where there is nothing to say: nothing was read of a day that is
    not over, or it was before the shop.

    Args:
        run: the day's newest.
        days: what the warehouse says; None where it could not be asked.
        archived: whether there is a report.
        newest: the newest day that has ended.
        awaited: that day, as long as its scheduled run is not due.
        complete: what the report says, where the warehouse could not be asked.
    """
    code = ""
    if run and run.state in UNDER_WAY:
        code = "running"
    elif run and run.state == "failed":
        code = "failed"
    elif days is None:
        code = ("incomplete" if complete is False else "archived") if archived else ""
    else:
        known = days.days.get(day)
        is_reported = bool(archived or run or (known and known.mails))
        is_in_shop = known is not None or (days.first is not None and days.first < day <= newest)
        if day > newest and known:
            code = "open"
        elif day == awaited and is_in_shop and not is_reported:
            code = "waiting"
        elif known or archived:
            code = _of_loaded(known, is_reported=is_reported)
        elif is_in_shop:
            code = "missing"
    return STATUSES.get(code)


def _of_loaded(known: Standing | None, *, is_reported: bool) -> str:
    if not is_reported:
        return "history"
    if known and not known.complete:
        return "incomplete"
    mails = known.mails if known else 0
    return ("corrected" if mails > 1 else "mailed") if mails else "made"
