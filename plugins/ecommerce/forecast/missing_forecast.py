"""The alert for a missing forecast: a week without one of its days is never forecast, and no task fails."""

import logging
from collections.abc import Sequence
from datetime import date
from email.message import EmailMessage

from ecommerce.core import names
from ecommerce.core.business_day import BusinessDay
from ecommerce.core.periods import Period, period_of
from ecommerce.forecast import loading
from ecommerce.forecast.weeks import name_of, reason_to_skip
from ecommerce.mail import transport as mail

log = logging.getLogger(__name__)


def check_last_week(day: BusinessDay) -> str:
    """Notify `alert_recipients` and the chat if no forecast was made after the week before `day`, a Monday
    (in Tuesday's run); return why not, or an empty text."""
    if day.date.weekday():
        return f"{day} is not a Monday: the week is checked on Tuesdays, for Monday"
    week = period_of("week", day.date).before
    missing, made = loading.week_state(week, names.DAG_WATCH)
    if day.date in made:
        return f"the forecast after {name_of(week)} exists"
    if not made:
        return (
            "no forecast was made for the last eight weeks: the forecast is not in use"
        )
    log.warning("no forecast was made after %s", name_of(week))
    return mail.send_alert(alert(week, missing))


def alert(week: Period, missing: Sequence[date]) -> EmailMessage:
    """Compose the mail about `week`, whose days `missing` (in order) have no daily run."""
    problem = reason_to_skip(week, week, missing, ())
    name = name_of(week)
    texts = {
        "week": name,
        "monday": week.first,
        "problem": problem or "all days are loaded, but no forecast was made",
        "dag": names.DAG_FORECAST,
    }
    return mail.compose(f"No sales forecast after {name}", "week_mail", texts)
