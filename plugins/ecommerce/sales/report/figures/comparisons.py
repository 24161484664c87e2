"""Comparisons of a day's headline figures: the day before, the week before, the average of 28 days, the year
before, weekday averages, and the month so far. Only complete days count, because half a day looks like a
slump. The input are the rows of `headline.sql` by business date."""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ecommerce.core.text import listed
from ecommerce.reporting.named_weeks import USUAL_WEEKS
from ecommerce.sales.report.figures import model
from ecommerce.sales.report.figures.base import Row
from ecommerce.sales.report.figures.quality import Unconverted

COMPARED_DAYS = 28
WEEK, YEAR = timedelta(days=7), timedelta(weeks=52)
"""A year of whole weeks, so that a Thursday is compared with a Thursday."""
MOST_CURRENCIES = 4


def recent_days(day: date) -> set[date]:
    """Return the business day `day` and the 28 days before it."""
    return {day - timedelta(days=back) for back in range(COMPARED_DAYS + 1)}


def compared_days(day: date) -> set[date]:
    """Return the days whose headline figures the report of `day` states or compares with."""
    # Eight whole weeks before the current one, for a usual week.
    days = {day - timedelta(days=back) for back in range(7 * (USUAL_WEEKS + 1))} | {
        day - YEAR
    }
    return days.union(*(days_of(first, last) for first, last in spans(day)))


def headline(
    day: date,
    days: Mapping[date, Row],
    unconverted: Sequence[Unconverted] = (),
) -> dict[str, model.Figure]:
    """Return the headline figures of `day` and of complete days. `days`: the rows of `headline.sql` by
    business date; `unconverted`: amounts of `day` that no average includes."""
    notes = {"average_order_value": without_rate(unconverted)}
    complete = {
        each: row for each, row in days.items() if row["complete"] and each < day
    }
    recent = [complete[each] for each in recent_days(day) if each in complete]
    figures = {}
    for name in model.HEADLINE:
        known = [row for row in recent if name not in row.get("lacking", ())]
        figures[name] = model.Figure(
            value=_value(days.get(day, {}), name),
            day_before=_base(complete.get(day - timedelta(days=1)), name),
            week_before=_base(complete.get(day - WEEK), name),
            average=_mean(_value(row, name) for row in known),
            year_before=_base(complete.get(day - YEAR), name),
            note=notes.get(name),
            days=len(known) if len(known) < len(recent) else None,
        )
    return figures


def margin(today: Row) -> model.Margin | None:
    """Return the sales of a row of `headline.sql` that have a cost, and that cost; None without any. Returns
    without a cost make these sales more than all: what they exceed is not covered."""
    cost, sales = today.get("cost_of_goods"), today.get("sales_with_cost")
    if cost is None or sales is None or today["net_sales"] <= 0:
        return None
    without_cost = abs(today["net_sales"] - sales)
    coverage = max(Decimal(0), 1 - without_cost / today["net_sales"])
    return model.Margin(
        sales_with_cost=sales,
        cost_of_goods=cost,
        coverage=coverage.quantize(Decimal("0.000001"), ROUND_HALF_UP),
    )


LACKING = {
    "returns": "without_returns",
    "discounts": "without_discounts",
    "tax": "without_tax",
    "shipping": "without_shipping",
}
"""The figures that an export may not contain, and the columns of `rate_bases.sql` with its sales."""
ROUNDING = Decimal("0.01")
"""The sum of a day's converted and rounded parts may differ by less from its converted sum."""


def with_lacking(
    days: Mapping[date, Row], since: date | None
) -> dict[date, dict[str, Any]]:
    """Return `days` with `lacking`: the figures that a day cannot have. All its sales may be of exports that
    do not contain them; a day without sales lacks what the day before it lacks. Customers from before a day
    are known after `since`, the first complete day with customers; on that day each counts as new."""
    rows = {}
    not_exported: list[str] = []
    for day, row in sorted(days.items()):
        gross = row["gross_sales"]
        if gross:
            not_exported = [
                name
                for name, column in LACKING.items()
                if gross - row.get(column, 0) < ROUNDING
            ]
        lacking = list(not_exported)
        if since is None or day <= since:
            lacking += ["new_customers", "returning_customers"]
        rows[day] = {**row, "lacking": lacking}
    return rows


def rate_bases(day: date, days: Mapping[date, Row]) -> dict[str, model.Figure]:
    """Return the bases of the rates from which a compared day leaves out sales. `days`: rows of
    `headline.sql` with the columns of `rate_bases.sql`, as `with_lacking` returns them."""
    rates = {}
    for name, (_, (part, whole)) in model.RATES.items():
        without = {
            each: row.get(LACKING.get(part, ""), 0) for each, row in days.items()
        }
        rows = {
            each: {**row, whole: row[whole] - without[each]}
            for each, row in days.items()
            if part not in row["lacking"]
        }
        if any(without.values()) or len(rows) < len(days):
            base, count = headline(day, rows)[whole], len(averaged_days(day, rows))
            rates[name] = base.model_copy(update={"days": count})
    return rates


def averaged_days(day: date, days: Mapping[date, Row]) -> list[date]:
    """Return the days, of the 28 before `day`, that the averages include."""
    return sorted(
        each
        for each in recent_days(day) - {day}
        if each in days and days[each]["complete"]
    )


def trend(day: date, days: Mapping[date, Row]) -> list[model.TrendDay]:
    """Return the 28 days up to `day`, each with its weekday average."""
    not_loaded = {"net_sales": None, "orders": None, "complete": False}
    return [
        model.TrendDay.of(
            days.get(each, not_loaded),
            business_date=each,
            weekday_mean=weekday_mean(each, days),
        )
        for each in days_of(day - timedelta(days=COMPARED_DAYS - 1), day)
    ]


def weekday_mean(day: date, days: Mapping[date, Row]) -> Decimal | None:
    """Return the average net sales of the complete same weekdays in the four weeks before `day`, or None."""
    same = (days.get(day - weeks * WEEK) for weeks in range(1, COMPARED_DAYS // 7 + 1))
    return _mean(row["net_sales"] for row in same if row and row["complete"])


def month_to_date(day: date, days: Mapping[date, Row]) -> model.MonthToDate:
    """Return the month of `day` so far. `days`: the rows of `headline.sql` by business date, of all
    `spans`."""
    (first, _), last_month, last_year = spans(day)
    loaded = [days[each] for each in days_of(first, day) if each in days]
    return model.MonthToDate(
        now=_sum(first, day, loaded),
        unfinished=day.day - sum(bool(row["complete"]) for row in loaded),
        last_month=_span(*last_month, days),
        last_year=_span(*last_year, days),
    )


def spans(day: date) -> list[tuple[date, date]]:
    """Return the first and the last day of the month of `day` so far, of the last month and of the same month
    of last year."""
    before = day.replace(day=1) - timedelta(days=1)
    months = (
        (day.year, day.month),
        (before.year, before.month),
        (day.year - 1, day.month),
    )
    return [
        (date(*each, 1), date(*each, min(day.day, monthrange(*each)[1])))
        for each in months
    ]


def days_of(first: date, last: date) -> Iterator[date]:
    """Return the days from `first` to `last`."""
    return (first + timedelta(days=later) for later in range((last - first).days + 1))


def _span(first: date, last: date, days: Mapping[date, Row]) -> model.Span:
    """Return the days from `first` to `last`, without figures where one is not loaded and complete."""
    rows = [days.get(each, {}) for each in days_of(first, last)]
    if not all(row.get("complete") for row in rows):
        return model.Span(first=first, last=last, net_sales=None, orders=None)
    return _sum(first, last, rows)


def _sum(first: date, last: date, rows: list[Row]) -> model.Span:
    return model.Span(
        first=first,
        last=last,
        net_sales=sum((row["net_sales"] for row in rows), Decimal(0)),
        orders=sum(row["orders"] for row in rows),
        days_without_sales=sum(not row["orders"] for row in rows),
    )


def without_rate(unconverted: Iterable[Unconverted]) -> str | None:
    """Return the footnote on orders that the average order value leaves out; None without any."""
    orders = {each.currency: each.orders for each in unconverted if each.orders}
    names = listed(orders, MOST_CURRENCIES, "other currencies")
    return f"without orders in {names}, which have no exchange rate" if orders else None


def _base(row: Row | None, name: str) -> Decimal | None:
    """Return a figure of a day to compare with; None where the day cannot have it."""
    return None if row and name in row.get("lacking", ()) else _value(row, name)


def _value(row: Row | None, name: str) -> Decimal | None:
    """Return a headline figure of a day's row; zero for an empty row, None without one."""
    if row is None:
        return None
    if name == "returning_customers":
        return Decimal(row.get("customers", 0) - row.get("new_customers", 0))
    value = row.get(name, None if name == "average_order_value" else 0)
    return None if value is None else Decimal(value)


def _mean(values: Iterable[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return (sum(known, Decimal(0)) / len(known)).quantize(
        Decimal("0.0001"), ROUND_HALF_UP
    )
