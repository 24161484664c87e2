"""The alert for a missing forecast: a week without one of its days is never forecast, and no task fails."""

import logging
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from ecommerce.core import names
from ecommerce.core.business_day import BusinessDay
from ecommerce.core.text import short_day
from ecommerce.forecast import loading
from ecommerce.forecast.weeks import DAYS, Week
from ecommerce.mail import transport as mail

log = logging.getLogger(__name__)

UNUSED_DAYS = 56
"""After so many days without any forecast, the shop does not use it and gets no alert."""
ADVICE = (
    "The forecast is made as soon as all days of the week are loaded and checked. If they are, look at the "
    "runs of the DAG: this week's may have failed or still be running. There is none if the checks of a day "
    "failed, or if the DAG was paused when the last day was loaded: unpausing does not make up for that week."
)


def check_last_week(day: BusinessDay) -> str:
    """Notify `alert_recipients` and the chat if no forecast was made after the week before `day`, a Monday
    (in Tuesday's run); return why not, or an empty text."""
    if day.date.weekday():
        return f"{day} is not a Monday: the week is checked on Tuesdays, for Monday"
    week = Week(day.date - timedelta(days=DAYS))
    since = week.as_of - timedelta(days=UNUSED_DAYS)
    missing, made = loading.week_state(week, names.DAG_WATCH, since)
    if week.as_of in made:
        return f"the forecast after {week} exists"
    if not made:
        return f"no forecast was made in the {UNUSED_DAYS // DAYS} weeks before: the forecast is not in use"
    texts = mail_texts(week, missing)
    log.warning("no forecast was made after %s: %s", week, texts["problem"])
    return mail.send_alert(
        mail.compose(f"No sales forecast after {week}", "week_mail", texts)
    )


def mail_texts(week: Week, missing: Sequence[date]) -> dict[str, Any]:
    """Return the mail's texts about `week`, whose days `missing` (in order) have no daily run."""
    problem, commands = "all days are loaded, but no forecast was made", []
    if missing:
        problem = f"no daily run of {', '.join(map(short_day, missing))}"
        commands.append(f"make backfill FROM={missing[0]} TO={missing[-1]}")
    url = mail.airflow_url()
    if url:
        url = f"{url}/dags/{names.DAG_FORECAST}/runs"
    return {
        "week": str(week),
        "problem": problem,
        "dag": names.DAG_FORECAST,
        "url": url,
        "advice": ADVICE,
        "commands": commands,
        "otherwise": f"To forecast now, trigger the DAG with {week.monday} as Week and Forecast in any case.",
    }
