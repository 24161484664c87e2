"""The week of a run, and whether it is forecast."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ecommerce.core.business_day import shop_day
from ecommerce.core.calendar_days import calendar_week
from ecommerce.core.errors import ConfigurationError

DAYS = 7
WEEKS = 4
HORIZON = WEEKS * DAYS
"""Forecast days: whole weeks, so that each weekday counts equally."""
LEAST_DAYS = 28
"""Series with fewer known days have no forecast."""


@dataclass(frozen=True, slots=True)
class Week:
    """Monday to Sunday in the shop's calendar."""

    monday: date

    @property
    def days(self) -> list[date]:
        """Its seven business days."""
        return calendar_week(self.monday)

    @property
    def as_of(self) -> date:
        """The first day of the forecast made after this week: the next Monday."""
        return self.monday + timedelta(days=DAYS)

    def __str__(self) -> str:
        return f"the week of {self.monday}"


def week_of(day: str | None, now: datetime, timezone: str) -> Week:
    """Return the week of a run: that of the ISO date `day`, from the partition key or the form, else the
    newest that has ended at `now` (an aware instant) in the shop's `timezone`. Raises ConfigurationError: the
    week has not ended."""
    newest = newest_week(now, timezone)
    if not day:
        return newest
    week = Week(calendar_week(date.fromisoformat(day))[0])
    if week.monday > newest.monday:
        raise ConfigurationError(
            f"{week} has not ended in {timezone}: the newest that has is {newest.monday}"
        )
    return week


def newest_week(now: datetime, timezone: str) -> Week:
    """Return the last week whose Sunday has ended at `now` (an aware instant)."""
    a_week_ago = shop_day(now, timezone).shifted(-DAYS).date
    return Week(calendar_week(a_week_ago)[0])


def as_of_run(as_of: str | None, run_after: datetime, timezone: str) -> date:
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
    week: Week, newest: Week, missing: Sequence[date], made: Collection[date]
) -> str:
    """Return why no forecast is made after the run's `week`; empty if one is. `newest` has ended last,
    `missing` are the week's days without a daily run, `made` the first days of existing forecasts."""
    if missing:
        return (
            f"{week} is not complete: no daily run of {', '.join(map(str, missing))} "
            f"(make backfill FROM={missing[0]} TO={missing[-1]})"
        )
    if week != newest:
        return f"{week} is older than {newest}: see force"
    if week.as_of in made:
        return f"the forecast after {week} exists: force makes it again"
    return ""
