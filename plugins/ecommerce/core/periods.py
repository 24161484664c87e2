"""The periods of reports: a business day, a week from Monday to Sunday, or a month."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from ecommerce.core.business_day import days_between, shop_day
from ecommerce.core.calendar_days import calendar_week
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.settings import shop_timezone

PeriodKind = Literal["day", "week", "month"]
SPANS: tuple[PeriodKind, ...] = ("week", "month")
"""The kinds of several days, which have a DAG, and whose reports are corrected."""
FORMATS = {"day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m"}


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `first` to `last`, both included, of one kind."""

    kind: PeriodKind
    first: date
    last: date

    def __str__(self) -> str:
        """Return `2026-11-23`, `2026-W48` or `2026-11`."""
        return self.first.strftime(FORMATS[self.kind])

    @property
    def days(self) -> list[date]:
        """The days of the period, in order."""
        return days_between(self.first, self.last)

    @property
    def before(self) -> Period:
        """The period that this one is compared with: the week or month before, and for a day the same weekday
        of the week before."""
        days = 7 if self.kind == "day" else 1
        return period_of(self.kind, self.first - timedelta(days=days))

    @property
    def next(self) -> Period:
        """The period that follows."""
        return period_of(self.kind, self.last + timedelta(days=1))

    @property
    def year_before(self) -> Period:
        """The same month of the year before; of a day or a week, that of 52 weeks before, with the same
        weekdays."""
        # 52 weeks before the first day of a month is one of the first days of the same month.
        return period_of(self.kind, self.first - timedelta(weeks=52))


def period_of(kind: PeriodKind, day: date) -> Period:
    """Return the period that `day` is in."""
    if kind == "week":
        week = calendar_week(day)
        return Period(kind, week[0], week[-1])
    if kind == "month":
        length = monthrange(day.year, day.month)[1]
        return Period(kind, day.replace(day=1), day.replace(day=length))
    return Period(kind, day, day)


def newest_closed(kind: PeriodKind, now: datetime, timezone: str) -> Period:
    """Return the last period that has ended at `now`, an aware instant, in the shop's `timezone`."""
    current = period_of(kind, shop_day(now, timezone).date)
    return period_of(kind, current.first - timedelta(days=1))


def newest_period(kind: PeriodKind) -> Period:
    """Return the last period of the shop that has ended."""
    return newest_closed(kind, datetime.now(UTC), shop_timezone())


def period_of_run(
    kind: PeriodKind, requested: str | None, due: datetime, timezone: str
) -> Period:
    """Return the period of a run: that of the text `requested`, from its partition key or its form, else the
    newest that had ended when it was `due` (aware). Raise ConfigurationError: there is no such period, or it
    has not ended."""
    newest = newest_closed(kind, due, timezone)
    if not requested:
        return newest
    period = period_in(kind, requested)
    if period.last > newest.last:
        raise ConfigurationError(
            f"the {kind} {period} has not ended in {timezone}: "
            f"the newest that has is {newest.first} ({newest})"
        )
    return period


def parse_period(text: str) -> Period:
    """Return the period of `2026-11-23`, `2026-W48` or `2026-11`. Raise ConfigurationError: there is none."""
    try:
        if len(text) == len("2026-11"):
            return period_of("month", date.fromisoformat(f"{text}-01"))
        kind: PeriodKind = "week" if "W" in text else "day"
        return period_of(kind, date.fromisoformat(text))
    except ValueError:
        raise ConfigurationError(
            f"{text} is no period: a day is written as 2026-11-23, a week as 2026-W48, a month as 2026-11"
        ) from None


def period_in(kind: PeriodKind, text: str) -> Period:
    """Return the week of `2026-W48`, or the month of `2026-11`, or that of a day in it. Raise
    ConfigurationError: it is none of that `kind`."""
    period = parse_period(text)
    if period.kind == "day":
        return period_of(kind, period.first)
    if period.kind != kind:
        raise ConfigurationError(f"{text} is a {period.kind}, not a {kind}")
    return period
