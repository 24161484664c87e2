"""The week a run is for, and whether a forecast is made after it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ecommerce.core.business_day import newest_closed_day
from ecommerce.core.errors import ConfigurationError

DAYS = 7
HORIZON = 28
"""How many days are forecast: four whole weeks, so that each weekday comes equally often."""


@dataclass(frozen=True, slots=True)
class Week:
    """Monday to Sunday, in the shop's calendar."""

    monday: date

    @property
    def days(self) -> tuple[date, ...]:
        """Its seven business days."""
        return tuple(self.monday + timedelta(days=day) for day in range(DAYS))

    @property
    def as_of(self) -> date:
        """The first day that a forecast after this week is for: the next Monday."""
        return self.monday + timedelta(days=DAYS)

    def __str__(self) -> str:
        return f"the week of {self.monday}"


def week_of(given: str | None, now: datetime, timezone: str) -> Week:
    """The week that a run is for.

    Args:
        given: its Monday, from the run's partition key or its form; None for the newest week that has ended.
        now: an aware instant.
        timezone: the shop's.

    Raises:
        ConfigurationError: it is no date, or no Monday, or the week has not ended.
    """
    newest = newest_week(now, timezone)
    if not given:
        return newest
    try:
        monday = date.fromisoformat(given)
    except ValueError:
        raise ConfigurationError(f"{given!r} is not a date like 2026-11-16") from None
    if monday.weekday():
        begins = monday - timedelta(days=monday.weekday())
        raise ConfigurationError(
            f"{monday} is no Monday: a week is named by its first day, here {begins}, also as a partition key"
        )
    if monday > newest.monday:
        raise ConfigurationError(
            f"the week of {monday} has not ended in {timezone}: the newest that has is {newest.monday}"
        )
    return Week(monday)


def newest_week(now: datetime, timezone: str) -> Week:
    """The last week whose Sunday has ended at `now` (an aware instant)."""
    yesterday = newest_closed_day(now, timezone).date
    return Week(yesterday - timedelta(days=(yesterday.weekday() + 1) % DAYS + DAYS - 1))


def missing_days(week: Week, loaded: Collection[date]) -> list[date]:
    """Its days without a daily run."""
    return [day for day in week.days if day not in loaded]


def reason_to_skip(week: Week, newest: Week, loaded: Collection[date], made: Collection[date]) -> str:
    """Why no forecast is made after `week`; empty where one is.

    Args:
        week: the run's.
        newest: the last week that has ended.
        loaded: business days that have had a daily run.
        made: the days as of which there are forecasts.
    """
    if missing := missing_days(week, loaded):
        listed = ", ".join(map(str, missing))
        return (
            f"{week} is not complete: {listed} {'has' if len(missing) == 1 else 'have'} no daily run "
            f"(make backfill FROM={missing[0]} TO={missing[-1]}); with force it is forecast all the same"
        )
    later = week.monday + timedelta(days=DAYS)
    while later <= newest.monday:
        if not missing_days(Week(later), loaded):
            return (
                f"{week} is not the newest complete week, which is that of {later} or a later one: see force"
            )
        later += timedelta(days=DAYS)
    if week.as_of in made:
        return f"the forecast after {week} has been made before: with force it is made again"
    return ""
