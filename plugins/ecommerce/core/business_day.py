"""The business day, and the only place where dates are computed.

A business day is from midnight to midnight in `SHOP_TIMEZONE`; in UTC it is a window `[start, end)` of 23, 24
or 25 hours. `runtime.run_context.business_day` returns the day of a run.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ecommerce.core.errors import ConfigurationError
from ecommerce.core.names import DAG_DAILY, DAG_EVENTS

TICKS = {DAG_DAILY: timedelta(hours=6), DAG_EVENTS: timedelta(hours=5, minutes=30)}
"""By DAG: the time after the shop's midnight at which its daily run is scheduled."""


@dataclass(frozen=True)
class BusinessDay:
    """A day in the shop's calendar and its UTC window `[start, end)`."""

    date: date
    timezone: str
    start: datetime
    end: datetime

    def __str__(self) -> str:
        return self.date.isoformat()

    def shifted(self, days: int) -> "BusinessDay":
        """Return the business day `days` later (earlier when negative)."""
        return day_window(self.date + timedelta(days=days), self.timezone)


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


def due_at(day: date, timezone: str, dag_id: str = DAG_DAILY) -> datetime:
    """Return when the scheduled run of a business day begins (UTC), on the morning after. `dag_id` is one of
    `TICKS`."""
    # Adding to an aware datetime moves the hands of the clock, as a cron schedule does.
    midnight = datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(timezone))
    return (midnight + TICKS[dag_id]).astimezone(UTC)


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
