"""Where a change of net sales comes from: by category, country and channel, and by product."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from ecommerce.sales.report.model import Part


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
    `rising` and `falling`: up to five products each, the largest change first."""

    base: date
    before: Decimal
    now: Decimal
    categories: list[Contribution]
    countries: list[Contribution]
    channels: list[Contribution]
    rising: list[Mover]
    falling: list[Mover]
