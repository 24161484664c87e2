"""The month so far, next to the last month and the same month of last year at the same day."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal

from ecommerce.sales.report.figures.base import Part, Row


class Span(Part):
    """The days from `first` to `last`. `net_sales`, in reporting currency, and `orders` are None where one of
    the days has not been loaded, or is not complete: half a span is no base for a comparison. A day without
    an order is a day of 0; `days_without_sales` counts them."""

    first: date
    last: date
    net_sales: Decimal | None
    orders: int | None
    days_without_sales: int = 0


class MonthToDate(Part):
    """`now` begins on the first of the business day's month and ends with the business day; it adds up the
    days that are there, and `unfinished` of them are not loaded or not complete. The others end on the same
    day of their month, or on its last where it is shorter."""

    now: Span
    unfinished: int = 0
    last_month: Span
    last_year: Span


def month_to_date(day: date, days: Mapping[date, Row]) -> MonthToDate:
    """Return the month of `day` so far. `days`: the rows of `headline.sql` by business date, of all
    `spans`."""
    (first, _), *others = spans(day)
    there = [days[each] for each in days_of(first, day) if each in days]
    last_month, last_year = (_whole(*span, days) for span in others)
    return MonthToDate(
        now=_span(first, day, there),
        unfinished=day.day - sum(bool(row["complete"]) for row in there),
        last_month=last_month,
        last_year=last_year,
    )


def spans(day: date) -> list[tuple[date, date]]:
    """Return the first and the last day of the month of `day` so far, of the last month and of the same month
    of last year."""
    first = day.replace(day=1)
    before = first - timedelta(days=1)
    return [
        (first, day),
        _until(day.day, before.year, before.month),
        _until(day.day, day.year - 1, day.month),
    ]


def days_of(first: date, last: date) -> Iterator[date]:
    """Return the days from `first` to `last`."""
    return (first + timedelta(days=later) for later in range((last - first).days + 1))


def _until(last: int, year: int, month: int) -> tuple[date, date]:
    first = date(year, month, 1)
    return first, first.replace(day=min(last, monthrange(year, month)[1]))


def _whole(first: date, last: date, days: Mapping[date, Row]) -> Span:
    there = [days.get(each) for each in days_of(first, last)]
    complete = [row for row in there if row and row["complete"]]
    if len(complete) < len(there):
        return Span(first=first, last=last, net_sales=None, orders=None)
    return _span(first, last, complete)


def _span(first: date, last: date, rows: list[Row]) -> Span:
    return Span(
        first=first,
        last=last,
        net_sales=sum((row["net_sales"] for row in rows), Decimal(0)),
        orders=sum(row["orders"] for row in rows),
        days_without_sales=sum(not row["orders"] for row in rows),
    )
