"""Contributions to the change of net sales: by category, country and channel, and by product."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from pydantic import Field

from ecommerce.sales.report.figures.base import DIMENSIONS, ZERO, Part, Row

MOST_MOVERS = 5
QUARTER = timedelta(days=91)
"""A channel that did not sell in the quarter up to the other day is new."""
GONE_DAYS, USUAL_DAYS = 3, 5
"""A channel that sold on so many of seven days has ended when it has not sold for so many."""
Day = tuple[Decimal, Sequence[Row]]
"""The net sales of a day, and the rows of `sales.sql` that they are the sums of."""


class Contribution(Part):
    """One category's, country's or channel's net sales on both days; all `now - before` of one kind add up to
    the change of the day."""

    name: str
    before: Decimal
    now: Decimal


class Mover(Part):
    """A product with its gross sales less discounts on both days; `thumbnail` as in `model.Product`."""

    sku: str
    name: str | None
    before: Decimal
    now: Decimal
    thumbnail: str | None = None


class LikeForLike(Part):
    """The change of net sales without the channels that began or ended; fields as in `Changes`."""

    before: Decimal
    now: Decimal
    categories: list[Contribution]
    countries: list[Contribution]
    channels: list[Contribution]


class Changes(LikeForLike):
    """The change of net sales since `base`: the same weekday of the week before where that day is complete,
    else the day before. Contributions and products are sorted by the size of their change. Neither day has
    the sales in `unconverted` currencies, which have no exchange rate on one of both days. `began` and
    `ended`: channels that did so between both days; `like_for_like`: the change of the others, where there
    are such."""

    base: date
    rising: list[Mover]
    falling: list[Mover]
    unconverted: list[str] = Field(default_factory=list)
    began: list[str] = Field(default_factory=list)
    ended: list[str] = Field(default_factory=list)
    like_for_like: LikeForLike | None = None


def base_of(day: date, days: Mapping[date, Row]) -> date | None:
    """Return the day that `day` is compared with; None where neither is complete. `days`: of
    `headline.sql`."""
    candidates = (day - timedelta(days=back) for back in (7, 1))
    return next(
        (each for each in candidates if each in days and days[each]["complete"]), None
    )


def unconverted(*days: Iterable[Row]) -> list[str]:
    """Return the currencies with unconverted sales on one of the days; `days` are rows of `sales.sql`."""
    return sorted(
        {
            row["currency"]
            for rows in days
            for row in rows
            if row["net_sales_reporting"] is None
        }
    )


def changes(
    base: date,
    totals: tuple[Decimal, Decimal],
    sales: tuple[Sequence[Row], Sequence[Row]],
    products: Iterable[Row],
    channels: tuple[Collection[str], Collection[str]] = ((), ()),
) -> Changes:
    """Return the change of net sales since `base`. `totals` are the headline's net sales of `base` and of the
    day, `sales` the rows of `sales.sql` of both, `products` those of `products.sql`, `channels` those that
    began and those that ended, as `channel_changes` returns them."""
    excluded = unconverted(*sales)
    compared = [
        _without(day, "currency", excluded) for day in zip(totals, sales, strict=True)
    ]
    rising, falling = movers(products)
    began, ended = map(sorted, channels)
    lasting = (
        [_without(day, "channel", [*began, *ended]) for day in compared]
        if began or ended
        else []
    )
    return Changes(
        base=base,
        rising=rising,
        falling=falling,
        unconverted=excluded,
        began=began,
        ended=ended,
        like_for_like=LikeForLike(**_by_dimension(*lasting)) if lasting else None,
        **_by_dimension(*compared),
    )


def _without(day: Day, column: str, names: Collection[str]) -> Day:
    """Return the day without the rows that have one of `names` in `column`."""
    total, rows = day
    left_out = _sums((row for row in rows if row[column] in names), column)
    return total - sum(left_out.values()), [
        row for row in rows if row[column] not in names
    ]


def _by_dimension(before: Day, now: Day) -> dict[str, Any]:
    totals = before[0], now[0]
    fields: dict[str, Any] = {"before": totals[0], "now": totals[1]}
    for each in DIMENSIONS:
        sums = (_sums(rows, each.column) for _, rows in (before, now))
        fields[each.plural] = contributions(totals, *sums)
    return fields


def _sums(rows: Iterable[Row], column: str) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row[column]] += row["net_sales_reporting"] or ZERO
    return sums


def channel_changes(
    day: date, base: date, rows: Iterable[Row]
) -> tuple[list[str], list[str]]:
    """Return the channels that began, and those that ended, between `base` and `day`, by the rows of
    `channel_days.sql`. A live channel may have bad days, and one that sold as long as any other has not
    ended: the shop is closed."""
    channels = list(rows)
    newest = max((row["last_sold"] for row in channels), default=day)
    began = [
        row["channel"]
        for row in channels
        if row["first_sold"] > base and row["last_sold"] == day
    ]
    ended = [
        row["channel"]
        for row in channels
        if row["first_sold"] <= base <= row["last_sold"] < newest
        and (row["is_export"] or _has_stopped(row, newest))
    ]
    return began, ended


def _has_stopped(row: Row, newest: date) -> bool:
    return (newest - row["last_sold"]).days >= GONE_DAYS and bool(
        row["days_sold"] >= USUAL_DAYS
    )


def contributions(
    totals: tuple[Decimal, Decimal],
    before: Mapping[str, Decimal],
    now: Mapping[str, Decimal],
) -> list[Contribution]:
    """Return the contributions of one dimension, by the net sales of both days by name; they add up to
    `totals`."""
    earlier, later = _adding_up(before, totals[0]), _adding_up(now, totals[1])
    rows = [
        Contribution(
            name=name, before=earlier.get(name, ZERO), now=later.get(name, ZERO)
        )
        for name in {*before, *now}
    ]
    some = [each for each in rows if each.before or each.now]
    return sorted(some, key=lambda each: (-abs(each.now - each.before), each.name))


def movers(rows: Iterable[Row]) -> tuple[list[Mover], list[Mover]]:
    """Return the products that rose most, and those that fell most, of the rows of `products.sql`."""
    products = [
        Mover.of(
            row, before=row["sales_before"] or ZERO, now=row["sales_compared"] or ZERO
        )
        for row in rows
    ]
    products.sort(key=lambda each: (-abs(each.now - each.before), each.sku))
    rising = [each for each in products if each.now > each.before]
    falling = [each for each in products if each.now < each.before]
    return rising[:MOST_MOVERS], falling[:MOST_MOVERS]


def _adding_up(amounts: Mapping[str, Decimal], total: Decimal) -> dict[str, Decimal]:
    # daily_sales rounds each currency's amount, daily_summary their sum: what lies between them, a few
    # ten-thousandths, goes where it matters least.
    left = total - sum(amounts.values(), ZERO)
    if not left or not amounts:
        return dict(amounts)
    largest = max(sorted(amounts), key=lambda name: abs(amounts[name]))
    return {**amounts, largest: amounts[largest] + left}
