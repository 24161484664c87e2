"""What is expected of the seven days after the business day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from ecommerce.core import text
from ecommerce.core.business_day import BusinessDay
from ecommerce.sales.report.figures.base import Part
from ecommerce.sales.report.figures.forecast_comparison import Ask

DAYS = 7
FIGURES = ("forecast", "lower_80", "upper_80")


class OutlookDay(Part):
    """Forecast gross sales of one day, in reporting currency, and its 80 % interval."""

    day: date
    forecast: Decimal
    lower_80: Decimal
    upper_80: Decimal


class Outlook(Part):
    """The newest forecast that was made by the end of the business day, of the days after it that it covers:
    at most seven, in their order. `made_at` (UTC) as in `expectation.Expectation`. `event` names a holiday
    among these days. `last_week`: gross sales of the seven days up to the business day, None where one of
    them is not complete."""

    made_at: datetime
    model: str
    days: list[OutlookDay]
    event: str | None = None
    last_week: Decimal | None = None


def read(ask: Ask, day: BusinessDay) -> Outlook | None:
    """The outlook from the end of `day`; None where no forecast covers a day after it. `ask` runs a query of
    the report by its name."""
    first, last = (day.date + timedelta(days=later) for later in (1, DAYS))
    rows = ask("upcoming_forecast", {"ends_at": day.end}, day_after=first, last=last)
    if not rows:
        return None
    names = ("day", *FIGURES)
    return Outlook(
        made_at=rows[0]["made_at"],
        model=rows[0]["model"],
        days=[OutlookDay(**{name: row[name] for name in names}) for row in rows],
    )


def in_context(
    outlook: Outlook | None, day: date, days: Mapping[date, Mapping[str, Any]], calendar: str
) -> Outlook | None:
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
    """The name of what sells on one of `days`: Black Friday, else the first public holiday of `calendar`."""
    if any(each == black_friday(each.year) for each in days):
        return "Black Friday"
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
    """The day after the fourth Thursday of November."""
    first = date(year, 11, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 22)


def sentence(outlook: Outlook | None, currency: str) -> str | None:
    """Return what is coming in one sentence, such as "Black Friday week: 228,848 USD gross sales expected,
    +33.1 % vs the last 7 days."; None where there is no forecast."""
    if outlook is None:
        return None
    count = len(outlook.days)
    when = f"Next {count} days" if count > 1 else text.short_day(outlook.days[0].day)
    if outlook.event:
        when = (
            f"{text.clean(outlook.event)} week"
            if outlook.event == "Black Friday"
            else (f"Week of {text.clean(outlook.event)}")
        )
    total = sum((each.forecast for each in outlook.days), Decimal(0))
    changed = text.change(total, outlook.last_week) if count == DAYS else text.NOTHING
    versus = "" if changed == text.NOTHING else f", {changed} vs the last {DAYS} days"
    return f"{when}: {text.count(total)} {currency} gross sales expected{versus}."


def csv_rows(outlook: Outlook | None) -> Iterator[tuple[str, str, Decimal]]:
    """Day, figure and value of each cell of `figures.csv`."""
    for each in outlook.days if outlook else ():
        for figure in FIGURES:
            yield each.day.isoformat(), figure, getattr(each, figure)
