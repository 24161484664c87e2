"""The watch over the week: could last week's forecast be made, and if not, which of its days are missing?

A week that lacks a day is never forecast, and no task fails for it: nobody else would tell.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from ecommerce.core import names
from ecommerce.core.business_day import BusinessDay
from ecommerce.core.text import in_report_locale, short_day
from ecommerce.forecast import loading
from ecommerce.forecast.weeks import DAYS, Week, missing_days
from ecommerce.mail import notify
from ecommerce.mail import transport as mail
from ecommerce.warehouse.client import connect
from ecommerce.warehouse.schema import prepare

log = logging.getLogger(__name__)

FORGOTTEN_DAYS = 56
"""Where no forecast was made for so long, nobody waits for one: the shop does not use it."""

FILL = (
    "When these days are loaded and checked, the forecast is made by itself. Until then reports compare with "
    "the one that was made before:"
)
LOOK = (
    "Look at the runs of the DAG: this week's may have failed or be under way. There is none where the "
    "checks of one of the days failed, or where the DAG was paused when the last day came in: such a week is "
    "lost to its schedule, also after it is unpaused."
)


def watch(day: BusinessDay) -> str:
    """Tell people, by mail and in the chat, when no forecast was made after the week that ended on the Sunday
    before `day`; returns why not, or nothing.

    Args:
        day: the run's, which is a Monday when the run is on a Tuesday; on others there is nothing to do.

    Raises:
        PipelineError: the warehouse cannot be asked, or the mail not be sent.
    """
    if day.date.weekday():
        return f"{day} is no Monday: the week before is looked at once, on Tuesday, for Monday"
    week = Week(day.date - timedelta(days=DAYS))
    warehouse = connect(dag=names.DAG_WATCH, step="weeks")
    prepare(warehouse)  # a deployment that is older than the forecast has no table of it
    first = week.as_of - timedelta(days=FORGOTTEN_DAYS)
    if reason := reason_for_silence(week, loading.made_before(warehouse, first, week.as_of)):
        return reason
    missing = missing_days(week, loading.loaded_days(warehouse, week.days[-1]))
    texts = mail_texts(week, missing)
    log.warning("no forecast was made after %s: %s", week, texts["problem"])
    message = mail.compose(f"No sales forecast after {week}", "week_mail", texts)
    return notify.send_alert(message, notify.unique_name("week"))


def reason_for_silence(week: Week, made: Collection[date]) -> str:
    """Why nobody need be told of `week`; empty where the forecast after it is missing. `made`: the days as of
    which there are forecasts."""
    if week.as_of in made:
        return f"the forecast after {week} has been made"
    if not any(timedelta(0) < week.as_of - each <= timedelta(days=FORGOTTEN_DAYS) for each in made):
        return f"no forecast was made in the {FORGOTTEN_DAYS // DAYS} weeks before: nobody waits for one"
    return ""


@in_report_locale
def mail_texts(week: Week, missing: Sequence[date]) -> dict[str, Any]:
    """The mail's texts about `week`, of which the days `missing` (in order) have had no daily run."""
    said = ", ".join(short_day(each) for each in missing)
    problem = f"{said} {'has' if len(missing) == 1 else 'have'} no daily run" if missing else ""
    url = mail.airflow_url()
    return {
        "week": str(week),
        "problem": problem or "all of its days are in, and no forecast was made",
        "dag": names.DAG_FORECAST,
        "url": f"{url}/dags/{names.DAG_FORECAST}/runs" if url else "",
        "advice": FILL if missing else LOOK,
        "commands": [f"make backfill FROM={first} TO={last}" for first, last in runs(missing)],
        "otherwise": f"To forecast {'with what there is' if missing else 'now'}, trigger the DAG with "
        f"{week.monday} as Week and with Forecast in any case.",
    }


def runs(days: Iterable[date]) -> list[tuple[date, date]]:
    """`days` (in order) as runs of consecutive days, each by its first and its last."""
    found: list[tuple[date, date]] = []
    for day in days:
        if found and day - found[-1][1] == timedelta(days=1):
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found
