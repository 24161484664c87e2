"""The business day: the days of the shop, and the instants at which they begin and end.

A business day is from midnight to midnight in `SHOP_TIMEZONE`; in UTC it is a window `[start, end)` of 23, 24
or 25 hours. `runtime.run_context.business_day` returns the day of a run.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from ecommerce.core.errors import ConfigurationError

TICK = timedelta(hours=6)
"""The time after the shop's midnight at which the daily run is scheduled."""

EASTERNMOST = timedelta(hours=13, minutes=45)
"""The easternmost timezone of a browser that is recognized: the Chatham Islands in summer. A midnight of
UTC+13 is also one of UTC-11, of the day before; likewise UTC+14 and UTC-10. New Zealand and Hawaii have more
people than the others."""

MOST_DAYS = 31
"""Of a run of several days: a month is loaded in one transaction."""

Dates = list[date]
"""`date` is a field of the class below, so its annotations cannot name the type."""


@dataclass(frozen=True)
class BusinessDay:
    """A day in the shop's calendar and its UTC window `[start, end)`; the span of a run of several days."""

    date: date
    """The day, or the first of the span."""
    timezone: str
    start: datetime
    end: datetime

    def __str__(self) -> str:
        return self.date.isoformat()

    @property
    def dates(self) -> Dates:
        """The dates of the span, in order: one, or those of a run of several days."""
        last = shop_day(self.end - timedelta(microseconds=1), self.timezone).date
        return days_between(self.date, last)

    def shifted(self, days: int) -> "BusinessDay":
        """Return the business day `days` later (earlier when negative)."""
        return day_window(self.date + timedelta(days=days), self.timezone)


def days_between(first: date, last: date) -> list[date]:
    """Return the days from `first` to `last`, both included."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def day_window(day: date, timezone: str) -> BusinessDay:
    """Return the business day `day` of a shop in `timezone`."""
    return BusinessDay(
        day,
        timezone,
        _midnight(day, timezone),
        _midnight(day + timedelta(days=1), timezone),
    )


def shop_day(now: datetime, timezone: str) -> BusinessDay:
    """Return the business day of `now` (an aware instant)."""
    return day_window(now.astimezone(ZoneInfo(timezone)).date(), timezone)


def newest_closed_day(now: datetime, timezone: str) -> BusinessDay:
    """Return the last business day that has ended at `now` (an aware instant): yesterday in the shop."""
    return shop_day(now, timezone).shifted(-1)


def due_at(day: date, timezone: str) -> datetime:
    """Return when the scheduled run of a business day begins (UTC), on the morning after."""
    # Adding to an aware datetime moves the hands of the clock, as a cron schedule does.
    midnight = datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(timezone))
    return (midnight + TICK).astimezone(UTC)


def backfill_bounds(
    earliest: datetime, latest: datetime, timezone: tzinfo
) -> tuple[datetime, datetime]:
    """Return the first and the last moment of the days that a backfill's bounds mean in a shop in `timezone`,
    as times of its clocks labelled UTC, which is how Airflow passes bounds to a timetable.

    A bare date arrives as midnight in Airflow's own timezone. The UI's form sends the first and the last
    moment of a day in the timezone that the UI is set to, converted to UTC; that timezone is not sent.
    """
    first = _nearest_day(earliest, timezone)
    last = _beginning_day(latest, timezone)
    if last is None:
        # The form's day ends with its last millisecond, or at 23:59 after the time was edited.
        day_after = _nearest_day(latest + timedelta(minutes=1), timezone)
        last = day_after - timedelta(days=1)
    return (
        datetime.combine(first, time.min, UTC),
        datetime.combine(last, time.max, UTC),
    )


def _beginning_day(moment: datetime, timezone: tzinfo) -> date | None:
    """Return the day that begins at `moment`, in the timezone of `moment` or in `timezone`."""
    for reading in (moment, moment.astimezone(timezone)):
        if reading.hour == reading.minute == 0:
            return reading.date()
    return None


def _nearest_day(moment: datetime, timezone: tzinfo) -> date:
    """Return the day that begins at `moment`, or else the one that begins then in a third timezone, from
    UTC-10 to `EASTERNMOST`."""
    return _beginning_day(moment, timezone) or (moment + EASTERNMOST).date()


def closed_days(first: date, last: date, timezone: str) -> BusinessDay:
    """Return the span of the business days from `first` to `last`, both included, of which each has ended.

    Raises:
        ConfigurationError: they are in the wrong order, more than `MOST_DAYS`, or `last` has not ended yet.
    """
    if not 0 <= (last - first).days < MOST_DAYS:
        raise ConfigurationError(
            f"{first} to {last} is not a range of 1 to {MOST_DAYS} days: make history reads more, month by "
            "month"
        )
    return replace(day_window(first, timezone), end=closed_day(last, timezone).end)


def closed_day(day: date, timezone: str) -> BusinessDay:
    """Return the business day `day`; ConfigurationError where it has not ended yet."""
    window = day_window(day, timezone)
    if window.end > datetime.now(UTC):
        raise ConfigurationError(
            f"business day {day} has not ended yet in {timezone}: it closes at {window.end:%Y-%m-%dT%H:%MZ}"
        )
    return window


def _midnight(day: date, timezone: str) -> datetime:
    # Where the clocks jump over midnight, fold=0 gives the first instant that is not yesterday's.
    return datetime.combine(day, time.min, ZoneInfo(timezone)).astimezone(UTC)
