"""The forecast of the seven days after the business day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from ecommerce.core.business_day import BusinessDay
from ecommerce.sales.report.figures.base import Part, Query, Row

DAYS = 7
BLACK_FRIDAY = "Black Friday"
FIGURES = ("forecast", "lower_80", "upper_80")


class OutlookDay(Part):
    """Forecast gross sales of one day, in reporting currency, and its 80 % interval."""

    day: date
    forecast: Decimal
    lower_80: Decimal
    upper_80: Decimal


class Outlook(Part):
    """The newest forecast that was made by the end of the business day, of the days after it that it covers:
    at most seven, in their order. `made_at` (UTC) as in `forecast_comparison.Expectation`. `event` names a
    holiday among these days. `last_week`: gross sales of the seven days up to the business day, None where
    one of them is not complete."""

    made_at: datetime
    model: str
    days: list[OutlookDay]
    event: str | None = None
    last_week: Decimal | None = None


def outlook_of(query: Query, day: BusinessDay) -> Outlook | None:
    """Return the outlook from the end of `day`; None where no forecast covers a day after it."""
    first, last = (day.date + timedelta(days=later) for later in (1, DAYS))
    rows = query("upcoming_forecast", {"ends_at": day.end}, day_after=first, last=last)
    if not rows:
        return None
    names = ("day", *FIGURES)
    return Outlook(
        made_at=rows[0]["made_at"],
        model=rows[0]["model"],
        days=[OutlookDay(**{name: row[name] for name in names}) for row in rows],
    )


def in_context(outlook: Outlook | None, day: date, days: Mapping[date, Row], calendar: str) -> Outlook | None:
    """Return `outlook` with its event and last week.

    Args:
        outlook: from the end of `day`.
        day: the report's.
        days: the rows of `headline.sql`.
        calendar: whose public holidays are named, as in `Settings.holiday_calendar`.
    """
    if outlook is None:
        return None
    week = [days.get(day - timedelta(days=back)) for back in range(DAYS)]
    whole = [row["gross_sales"] for row in week if row and row["complete"]]
    return outlook.model_copy(
        update={
            "event": event([each.day for each in outlook.days], calendar),
            "last_week": sum(whole, Decimal(0)) if len(whole) == DAYS else None,
        }
    )


def event(days: Sequence[date], calendar: str) -> str | None:
    """Return Black Friday where it is one of `days`, else the first public holiday of `calendar` among
    them."""
    if any(each == black_friday(each.year) for each in days):
        return BLACK_FRIDAY
    if not calendar:
        return None
    from holidays import country_holidays

    country, _, subdivision = calendar.partition("-")
    try:
        known = country_holidays(country, subdiv=subdivision or None, years={each.year for each in days})
    except NotImplementedError:  # the forecast's own run fails for it
        return None
    return next((str(known[each]) for each in days if each in known), None)


def black_friday(year: int) -> date:
    """Return the day after the fourth Thursday of November."""
    first = date(year, 11, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 22)
