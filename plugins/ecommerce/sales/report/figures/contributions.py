"""Contributions to the change of net sales: by category, country and channel, and by product."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from pydantic import Field

from ecommerce.sales.report.figures.base import ZERO, Part, Row

KINDS = {"category": "categories", "country": "countries", "channel": "channels"}
"""The dimensions of net sales, and the field of `Changes` for each."""
COLUMNS = {"category": "category", "country": "country_code", "channel": "channel"}
"""The columns of `sales.sql` that have the names of each kind."""
MOST_MOVERS = 5
QUARTER = timedelta(days=91)
"""A channel that did not sell in the quarter up to the other day is new."""
GONE_DAYS, USUAL_DAYS = 3, 5
"""A channel that sold on so many of seven days has ended when it has not sold for so many."""


class Contribution(Part):
    """One category's, country's or channel's net sales on both days, in reporting currency. What it
    contributes to the change is `now - before`; all of one kind add up to the change of the day."""

    name: str
    before: Decimal
    now: Decimal


class Mover(Part):
    """A product that sold more or less than on the other day: gross sales less discounts, in reporting
    currency. `thumbnail` as in `model.Product`."""

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
    else the day before. Contributions are sorted by their size, the largest first, whatever their direction.
    `rising` and `falling`: up to five products each, the largest change first. `unconverted`: the currencies
    without an exchange rate on one of both days; neither day has their sales. `began` and `ended`: channels
    that did so between both days; `like_for_like` is the change of the others, None where there are no such
    channels."""

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
    return next((each for each in candidates if each in days and days[each]["complete"]), None)


def unconverted(*days: Iterable[Row]) -> list[str]:
    """Return the currencies with unconverted sales on one of the days; `days` are rows of `sales.sql`."""
    return sorted({row["currency"] for rows in days for row in rows if row["net_sales_reporting"] is None})


def changes(
    base: date,
    totals: tuple[Decimal, Decimal],
    sales: tuple[Sequence[Row], Sequence[Row]],
    products: Iterable[Row],
    channels: tuple[Collection[str], Collection[str]] = ((), ()),
) -> Changes:
    """Return the change of net sales since `base`.

    Args:
        base: the day to compare with.
        totals: the headline's net sales of `base` and of the day.
        sales: the rows of `sales.sql` of both days, in the same order.
        products: the rows of `products.sql`.
        channels: those that began and those that ended, as `channel_changes` returns them.
    """
    excluded = unconverted(*sales)
    compared = _without(totals, sales, "currency", excluded)
    rising, falling = movers(products)
    began, ended = channels
    lasting = _without(*compared, "channel", [*began, *ended]) if began or ended else None
    return Changes(
        base=base,
        rising=rising,
        falling=falling,
        unconverted=excluded,
        began=sorted(began),
        ended=sorted(ended),
        like_for_like=LikeForLike(**_by_kind(*lasting)) if lasting else None,
        **_by_kind(*compared),
    )


Both = tuple[tuple[Decimal, Decimal], tuple[Sequence[Row], Sequence[Row]]]
"""The net sales of two days, and the rows of `sales.sql` that they are the sums of."""


def _without(
    totals: tuple[Decimal, Decimal],
    sales: tuple[Sequence[Row], Sequence[Row]],
    column: str,
    names: Collection[str],
) -> Both:
    """Both days without the rows that have one of `names` in `column`."""
    kept = [[row for row in rows if row[column] not in names] for rows in sales]
    left_out = [_net(row for row in rows if row[column] in names) for rows in sales]
    return (totals[0] - left_out[0], totals[1] - left_out[1]), (kept[0], kept[1])


def _by_kind(totals: tuple[Decimal, Decimal], sales: tuple[Sequence[Row], Sequence[Row]]) -> dict[str, Any]:
    found: dict[str, Any] = {"before": totals[0], "now": totals[1]}
    for kind, field in KINDS.items():
        before, now = (_sums(rows, COLUMNS[kind]) for rows in sales)
        found[field] = contributions(totals, before, now)
    return found


def _sums(rows: Iterable[Row], column: str) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for row in rows:
        sums[row[column]] = sums.get(row[column], ZERO) + (row["net_sales_reporting"] or ZERO)
    return sums


def _net(rows: Iterable[Row]) -> Decimal:
    return sum((row["net_sales_reporting"] or ZERO for row in rows), ZERO)


def channel_changes(day: date, base: date, rows: Iterable[Row]) -> tuple[list[str], list[str]]:
    """The channels that began, and those that ended, between `base` and `day`. `rows`: of
    `channel_days.sql`. A live channel without sales for a day or two may have had bad days, and one that sold
    as long as any other has not ended: the shop is closed."""
    began, ended = [], []
    channels = list(rows)
    newest = max((row["last_sold"] for row in channels), default=day)
    for row in channels:
        silent = (newest - row["last_sold"]).days
        if row["first_sold"] > base:
            began += [row["channel"]] if row["last_sold"] == day else []
        elif row["last_sold"] >= base and (
            (row["is_export"] and silent) or (silent >= GONE_DAYS and row["days_sold"] >= USUAL_DAYS)
        ):
            ended.append(row["channel"])
    return began, ended


def contributions(
    totals: tuple[Decimal, Decimal], before: Mapping[str, Decimal], now: Mapping[str, Decimal]
) -> list[Contribution]:
    """The contributions of one kind, which add up to `totals` (of both days, in this order)."""
    exact = [_adding_up(amounts, total) for amounts, total in zip((before, now), totals, strict=True)]
    found = [
        Contribution(name=name, before=exact[0].get(name, ZERO), now=exact[1].get(name, ZERO))
        for name in {*before, *now}
    ]
    some = [each for each in found if each.before or each.now]
    return sorted(some, key=lambda each: (-abs(each.now - each.before), each.name))


def movers(rows: Iterable[Row]) -> tuple[list[Mover], list[Mover]]:
    """The products that rose most, and those that fell most, of the rows of `products.sql`."""
    found = [
        Mover(
            sku=row["sku"],
            name=row["name"],
            before=row["sales_before"] or ZERO,
            now=row["sales_compared"] or ZERO,
            thumbnail=row["thumbnail"],
        )
        for row in rows
    ]
    found.sort(key=lambda each: (-abs(each.now - each.before), each.sku))
    rising = [each for each in found if each.now > each.before]
    falling = [each for each in found if each.now < each.before]
    return rising[:MOST_MOVERS], falling[:MOST_MOVERS]


def _adding_up(amounts: Mapping[str, Decimal], total: Decimal) -> dict[str, Decimal]:
    # daily_sales rounds each currency's amount, daily_summary their sum: what lies between them, a few
    # ten-thousandths, goes where it matters least.
    left = total - sum(amounts.values(), ZERO)
    if not left or not amounts:
        return dict(amounts)
    largest = max(sorted(amounts), key=lambda name: abs(amounts[name]))
    return {**amounts, largest: amounts[largest] + left}
