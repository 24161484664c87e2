"""The month so far: next to earlier months, and against the month's targets."""

from datetime import date
from decimal import Decimal

from ecommerce.reporting.parts import Part
from ecommerce.sales.day_queries import DayQueries

SPANS = ("now", "last_month", "last_year")


class Span(Part):
    """The days from `first` to `last`. `net_sales` and `orders` are None where one of the days is not loaded
    or not complete: half a span is no base for a comparison."""

    first: date
    last: date
    net_sales: Decimal | None
    orders: int | None
    days_without_sales: int = 0


class MonthToDate(Part):
    """`now` is the month up to the business day and adds up the days that are there; `unfinished` of its days
    are not loaded or not complete. The others end on the same day of their month, or on its last."""

    now: Span
    unfinished: int = 0
    last_month: Span
    last_year: Span


class Target(Part):
    """A month's target of net sales of a `channel`, or `total`, and what the days up to the business day have
    reached. `expected_share`: the part of the month's expected sales that falls on these days. `landing`: the
    month's expected net sales; its interval is None without a forecast."""

    channel: str
    target: Decimal
    target_to_date: Decimal
    expected_share: Decimal
    net_sales: Decimal
    landing: Decimal
    landing_lower_80: Decimal | None
    landing_upper_80: Decimal | None


class Month(Part):
    """The month so far; `targets` begins with the whole shop."""

    month: MonthToDate | None = None
    targets: list[Target] = []


def read(queries: DayQueries) -> Month:
    """Return the month so far."""
    rows = {row["span"]: row for row in queries.rows("months")}
    targets = Target.list_of(queries.rows("targets"))
    if not rows:
        return Month(targets=targets)
    spans = {span: Span.of(rows[span]) for span in SPANS}
    month = MonthToDate(**spans, unfinished=rows["now"]["unfinished_days"])
    return Month(month=month, targets=targets)
