"""What is expected of the seven days after the business day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from ecommerce.core.business_day import BusinessDay
from ecommerce.sales.report.expectation import Ask
from ecommerce.sales.report.model import Part

DAYS = 7
FIGURES = ("forecast", "lower_80", "upper_80")


class OutlookDay(Part):
    """Forecast gross sales of one day, in reporting currency, and the interval that four days of five lie
    in."""

    day: date
    forecast: Decimal
    lower_80: Decimal
    upper_80: Decimal


class Outlook(Part):
    """The newest forecast that was made by the end of the business day, of the days after it that it covers:
    at most seven, in their order. `made_at` (UTC) as in `expectation.Expectation`."""

    made_at: datetime
    model: str
    days: list[OutlookDay]


def read(ask: Ask, day: BusinessDay) -> Outlook | None:
    """The outlook from the end of `day`; None where no forecast covers a day after it. `ask` runs a query of
    the report by its name."""
    first, last = (day.date + timedelta(days=later) for later in (1, DAYS))
    rows = ask("outlook", {"ends_at": day.end}, day_after=first, last=last)
    if not rows:
        return None
    names = ("day", *FIGURES)
    return Outlook(
        made_at=rows[0]["made_at"],
        model=rows[0]["model"],
        days=[OutlookDay(**{name: row[name] for name in names}) for row in rows],
    )


def csv_rows(outlook: Outlook | None) -> Iterator[tuple[str, str, Decimal]]:
    """Day, figure and value of each cell of `figures.csv`."""
    for each in outlook.days if outlook else ():
        for figure in FIGURES:
            yield each.day.isoformat(), figure, getattr(each, figure)
