"""The month so far, beside the last month and the same month of last year at the same day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from ecommerce.sales.report.model import Part


class Span(Part):
    """The days from `first` to `last`. `net_sales`, in reporting currency, and `orders` are None where one of
    the days has not been loaded, or is not complete: half a span is no base for a comparison."""

    first: date
    last: date
    net_sales: Decimal | None
    orders: int | None


class MonthToDate(Part):
    """`now` begins on the first of the business day's month and ends with the business day; it adds up the
    days that are there, and `unfinished` of them are not loaded or not complete. The others end on the same
    day of their month, or on its last where it is shorter."""

    now: Span
    unfinished: int = 0
    last_month: Span
    last_year: Span
