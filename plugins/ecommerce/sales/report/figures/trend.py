"""The net sales of the last 28 days."""

from datetime import date
from decimal import Decimal

from ecommerce.reporting.parts import Part
from ecommerce.sales.day_queries import DayQueries

DAYS = 28


class TrendDay(Part):
    """One day of the trend; one that has not been loaded is not complete and has no figures. `weekday_mean`:
    the average net sales of the same weekday on complete days of the four weeks before."""

    business_date: date
    net_sales: Decimal | None
    orders: int | None
    complete: bool = True
    weekday_mean: Decimal | None = None


class Trend(Part):
    """The 28 days up to the business day, the earliest first."""

    trend: list[TrendDay]


def read(queries: DayQueries) -> Trend:
    """Return the trend."""
    days = list(queries.days.values())
    return Trend(trend=TrendDay.list_of(days[-DAYS:]))
