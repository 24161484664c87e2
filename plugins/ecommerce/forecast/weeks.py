"""The week of a run, and whether it is forecast."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from ecommerce.core.business_day import shop_day
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.periods import Period

DAYS = 7
WEEKS = 4
HORIZON = WEEKS * DAYS
"""Forecast days: whole weeks, so that each weekday counts equally."""
LEAST_DAYS = 28
"""Series with fewer known days have no forecast."""


def name_of(week: Period) -> str:
    """Return the name of a week in a message, with its Monday."""
    return f"the week of {week.first}"


def as_of_run(
    as_of: str | None,
    run_after: datetime,
    timezone: str,
) -> date:
    """Return the day before which the data of a selection ends: the run's param, an ISO date, else the day in
    the shop's `timezone` on which the run was due (an aware instant). Raises ConfigurationError: the param is
    in the future."""
    today = shop_day(run_after, timezone).date
    day = date.fromisoformat(as_of or str(today))
    if day > today:
        raise ConfigurationError(
            f"{day} is in the future in {timezone}: today is {today}"
        )
    return day


def reason_to_skip(
    week: Period,
    newest: Period,
    missing: Sequence[date],
    made: Collection[date],
) -> str:
    """Return why no forecast is made after the run's `week`; empty if one is. `newest` has ended last,
    `missing` are the week's days without a daily run, `made` the first days of existing forecasts."""
    name = name_of(week)
    if missing:
        return (
            f"{name} is not complete: no daily run of {', '.join(map(str, missing))} "
            f"(make backfill FROM={missing[0]} TO={missing[-1]})"
        )
    if week != newest:
        return f"{name} is older than {name_of(newest)}: see force"
    if week.next.first in made:
        return f"the forecast after {name} exists: force makes it again"
    return ""
