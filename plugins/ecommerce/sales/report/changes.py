"""Where a change of net sales comes from: by category, country and channel, and by product."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from pydantic import Field

from ecommerce.sales.report.model import Part

KINDS = {"category": "categories", "country": "countries", "channel": "channels"}
"""What net sales are taken apart by, and the field of `Changes` that has it."""
UNCONVERTED = "unconverted"
MOST_MOVERS = 5
ZERO = Decimal(0)
Row = Mapping[str, Any]


class Contribution(Part):
    """One category's, country's or channel's net sales on both days, in reporting currency. What it
    contributes to the change is `now - before`; all of one kind add up to the change of the day."""

    name: str
    before: Decimal
    now: Decimal


class Mover(Part):
    """A product that sold more or less than on the other day: gross sales less discounts, in reporting
    currency. `thumbnail` as in `figures.Product`."""

    sku: str
    name: str | None
    before: Decimal
    now: Decimal
    thumbnail: str | None = None


class Changes(Part):
    """The change of net sales since `base`: the same weekday of the week before where that day is complete,
    else the day before. Contributions are sorted by their size, the largest first, whatever their direction.
    `rising` and `falling`: up to five products each, the largest change first. `unconverted`: the currencies
    of `base` without an exchange rate, whose sales are in none of these."""

    base: date
    before: Decimal
    now: Decimal
    categories: list[Contribution]
    countries: list[Contribution]
    channels: list[Contribution]
    rising: list[Mover]
    falling: list[Mover]
    unconverted: list[str] = Field(default_factory=list)


def base_of(day: date, days: Mapping[date, Row]) -> date | None:
    """The day that `day` is compared with; None where neither is complete. `days`: rows of `headline.sql`."""
    candidates = (day - timedelta(days=back) for back in (7, 1))
    return next((each for each in candidates if each in days and days[each]["complete"]), None)


def changes(
    base: date,
    totals: tuple[Decimal, Decimal],
    now: Mapping[str, Mapping[str, Decimal]],
    before: Iterable[Row],
    products: Iterable[Row],
) -> Changes:
    """What has changed since `base`.

    Args:
        totals: the headline's net sales of `base` and of the day.
        now: the day's net sales by kind and name.
        before: those of `base`: the rows of `sales_before.sql`.
        products: the rows of `products.sql`.
    """
    earlier: dict[str, dict[str, Decimal]] = {kind: {} for kind in (*KINDS, UNCONVERTED)}
    for row in before:
        earlier[row["kind"]][row["name"]] = row["net_sales"]
    parts = {field: contributions(totals, earlier[kind], now[kind]) for kind, field in KINDS.items()}
    rising, falling = movers(products)
    return Changes(
        base=base,
        before=totals[0],
        now=totals[1],
        rising=rising,
        falling=falling,
        unconverted=sorted(earlier[UNCONVERTED]),
        **parts,
    )


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
            now=row["sales"] or ZERO,
            thumbnail=row["thumbnail"],
        )
        for row in rows
    ]
    found.sort(key=lambda each: (-abs(each.now - each.before), each.sku))
    rising = [each for each in found if each.now > each.before]
    falling = [each for each in found if each.now < each.before]
    return rising[:MOST_MOVERS], falling[:MOST_MOVERS]


def csv_rows(changes: Changes | None) -> Iterator[tuple[str, str, str, Decimal]]:
    """Section, name, figure and value of each cell of `figures.csv`."""
    if changes is None:
        return
    for field in KINDS.values():
        for each in getattr(changes, field):
            yield f"change_by_{field}", each.name, "before", each.before
            yield f"change_by_{field}", each.name, "now", each.now
    for section in ("rising", "falling"):
        for mover in getattr(changes, section):
            yield section, mover.sku, "before", mover.before
            yield section, mover.sku, "now", mover.now


def _adding_up(amounts: Mapping[str, Decimal], total: Decimal) -> dict[str, Decimal]:
    # daily_sales rounds each currency's amount, daily_summary their sum: what lies between them, a few
    # ten-thousandths, goes where it matters least.
    left = total - sum(amounts.values(), ZERO)
    if not left or not amounts:
        return dict(amounts)
    largest = max(sorted(amounts), key=lambda name: abs(amounts[name]))
    return {**amounts, largest: amounts[largest] + left}
