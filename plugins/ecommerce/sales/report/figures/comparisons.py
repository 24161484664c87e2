"""What a day's headline figures are compared with: the day before, the week before, the mean of 28 days, the
year before, and the mean of each weekday. Only complete days are compared with, for half a day looks like a
slump.

Its input are the rows of `headline.sql` by business date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Any

from ecommerce.core.text import count, short_day
from ecommerce.sales.report.figures import model, month

COMPARED_DAYS = 28
WEEK, YEAR = timedelta(days=7), timedelta(weeks=52)
"""A year of whole weeks, so that a Thursday is compared with a Thursday."""
MOST_CURRENCIES = 4

Row = Mapping[str, Any]


def recent_days(day: date) -> set[date]:
    """The business day `day` and the 28 days before it."""
    return {day - timedelta(days=back) for back in range(COMPARED_DAYS + 1)}


def days_asked(day: date) -> set[date]:
    """The days whose headline figures the report of `day` states or compares with."""
    found = (
        {day - timedelta(days=back) for back in range(2 * COMPARED_DAYS)} | recent_days(day) | {day - YEAR}
    )
    for first, last in month.spans(day):
        found |= set(month.days_of(first, last))
    return found


def headline(
    day: date,
    days: Mapping[date, Row],
    unconverted: Sequence[model.Unconverted] = (),
    notes: Mapping[str, str | None] = MappingProxyType({}),
) -> dict[str, model.Figure]:
    """The headline figures of `day` beside those of complete days. `unconverted` are the amounts of that day
    that no average can take in, `notes` what to say of other figures by their names."""
    notes = {"average_order_value": without_rate(unconverted), **notes}
    complete = {each: row for each, row in days.items() if row["complete"] and each < day}
    recent = [complete[each] for each in recent_days(day) if each in complete]
    found = {}
    for name in model.HEADLINE:
        found[name] = model.Figure(
            value=_value(days.get(day, {}), name),
            day_before=_base(complete.get(day - timedelta(days=1)), name),
            week_before=_base(complete.get(day - WEEK), name),
            average=_mean(_base(row, name) for row in recent),
            year_before=_base(complete.get(day - YEAR), name),
            note=notes.get(name),
        )
    return found


def with_customers_since(days: Mapping[date, Row], since: date | None) -> dict[date, dict[str, Any]]:
    """`days` with `customers_known`: whether customers from before that day are known. `since` is the first
    complete day with customers; on that day each of them counts as new."""
    return {
        each: {**row, "customers_known": since is not None and each > since} for each, row in days.items()
    }


def new_customers_note(day: date, row: Row, since: date | None) -> str | None:
    """Why new customers are many, in the first weeks of a warehouse; None afterwards."""
    if not row.get("customers") or (since and day > since + COMPARED_DAYS * timedelta(days=1)):
        return None
    if since is None or day <= since:
        return "no customer from before this day is known, so every customer counts as new"
    return f"customers from before {short_day(since)} are not known, so they count as new"


LACKING = {"return_rate": "without_returns", "discount_rate": "without_discounts"}
"""The columns of `rate_bases.sql` with what is in no base of a rate."""


def rate_bases(day: date, days: Mapping[date, Row]) -> dict[str, model.RateBase]:
    """What the rates are parts of, by their names; only those from which a compared day leaves out sales.
    `days`: rows of `headline.sql`, with the columns of `rate_bases.sql` where a day has them."""
    found = {}
    for name, lacking in LACKING.items():
        whole = model.RATES[name].of[1]
        if any(row.get(lacking) for row in days.values()):
            bases = {each: {**row, whole: row[whole] - row.get(lacking, 0)} for each, row in days.items()}
            counted = sum(bases[each][whole] > 0 for each in averaged_days(day, days))
            found[name] = model.RateBase(**headline(day, bases)[whole].model_dump(), days=counted)
    if not all(row.get("customers_known", True) for row in days.values()):
        bases = {each: dict(row) for each, row in days.items() if row["customers_known"]}
        counted = sum(bases[each]["customers"] > 0 for each in averaged_days(day, bases))
        found["repeat_share"] = model.RateBase(**headline(day, bases)["customers"].model_dump(), days=counted)
    return found


def averaged_days(day: date, days: Mapping[date, Row]) -> list[date]:
    """Those of the 28 days before `day` that the averages are of."""
    return sorted(each for each in recent_days(day) - {day} if each in days and days[each]["complete"])


def trend(day: date, days: Mapping[date, Row]) -> list[model.TrendDay]:
    """The 28 days up to `day`, each with the mean of its weekday."""
    not_loaded = {"net_sales": None, "orders": None, "complete": False}
    return [
        model.TrendDay(
            business_date=each,
            **{name: days.get(each, not_loaded)[name] for name in not_loaded},
            weekday_mean=weekday_mean(each, days),
        )
        for each in (day - timedelta(days=back) for back in reversed(range(COMPARED_DAYS)))
    ]


def weekday_mean(day: date, days: Mapping[date, Row]) -> Decimal | None:
    """The mean net sales of the complete ones of the four same weekdays before `day`; None without any."""
    same = (days.get(day - weeks * WEEK) for weeks in range(1, COMPARED_DAYS // 7 + 1))
    return _mean(row["net_sales"] for row in same if row and row["complete"])


def without_rate(unconverted: Iterable[model.Unconverted]) -> str | None:
    """Which orders the average order value leaves out, in a sentence; None where there are none."""
    left_out = [each for each in unconverted if each.orders]
    if not left_out:
        return None
    counts = [f"{count(each.orders)} in {each.currency}" for each in left_out[:MOST_CURRENCIES]]
    if others := left_out[MOST_CURRENCIES:]:
        counts.append(f"{count(sum(each.orders for each in others))} in other currencies")
    one = sum(each.orders for each in left_out) == 1
    counts[0] = counts[0].replace(" in ", " order in " if one else " orders in ")
    said = " and ".join(", ".join(part) for part in (counts[:-1], counts[-1:]) if part)
    return f"{said} without an exchange rate {'is' if one else 'are'} not in it"


def _base(row: Row | None, name: str) -> Decimal | None:
    """A figure of a day to compare with; None where the day cannot have it."""
    if row and name in ("new_customers", "returning_customers") and not row.get("customers_known", True):
        return None
    return _value(row, name)


def _value(row: Row | None, name: str) -> Decimal | None:
    """One headline figure of a day's row; zero in a day without row, None without day."""
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
    return (sum(known, Decimal(0)) / len(known)).quantize(Decimal("0.0001"), ROUND_HALF_UP)
