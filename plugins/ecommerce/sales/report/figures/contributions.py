"""Contributions to the change of net sales: by category, country, channel, shop, customers and kind of
amount, and by product. The view `sales_contributions` has the rules."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from operator import itemgetter

from more_itertools import map_reduce

from ecommerce.core.values import Row, Values
from ecommerce.reporting.parts import ZERO, Part
from ecommerce.sales.day_queries import MOST_MOVERS, DayQueries

FIELDS = {
    "category": "categories",
    "country": "countries",
    "channel": "channels",
    "shop": "shops",
    "measure": "measures",
    "customers": "customers",
    "product": "products",
}
"""The fields of `LikeForLike` by the dimension in `sales_contributions`."""


class BothDays(Part):
    """An amount on the compared day, `before`, and on the day."""

    before: Decimal
    now: Decimal

    @property
    def change(self) -> Decimal:
        """The change of the amount."""
        return self.now - self.before


class Contribution(BothDays):
    """The net sales of one name; all changes of one dimension add up to the change of the day. `parent` and
    `label`: category and name of a product."""

    name: str
    parent: str | None = None
    label: str | None = None


class Mover(BothDays):
    """A product with its gross sales less discounts; `thumbnail` as in `products.Product`."""

    sku: str
    name: str | None
    thumbnail: str | None = None


class LikeForLike(BothDays):
    """The change of net sales from `before` to `now`, and the contributions to it, the largest first.
    `customers`: of new and returning customers, guests, and returns; `measures`: of gross sales, discounts
    and returns; `products`: those that changed most, after returns."""

    categories: list[Contribution]
    countries: list[Contribution]
    channels: list[Contribution]
    shops: list[Contribution] = []
    customers: list[Contribution] = []
    measures: list[Contribution] = []
    products: list[Contribution] = []


class Changes(LikeForLike):
    """The change of net sales since `base`: the same weekday of the week before where that day is complete,
    else the day before. Neither day has the sales in `unconverted` currencies, which have no exchange rate on
    one of both days. `began` and `ended`: channels that did so between both days; `like_for_like`: the change
    of the others, where there are such."""

    base: date
    rising: list[Mover]
    falling: list[Mover]
    unconverted: list[str] = []
    began: list[str] = []
    ended: list[str] = []
    like_for_like: LikeForLike | None = None

    @property
    def compared(self) -> LikeForLike | None:
        """The change of the channels that sold on both days; None where no channel did."""
        if self.began or self.ended:
            return self.like_for_like
        return self


class ChangesSinceBase(Part):
    """`changes` is None where no day to compare with is complete."""

    changes: Changes | None = None


def read(queries: DayQueries) -> ChangesSinceBase:
    """Return the changes since the compared day."""
    base = queries.base
    if base is None:
        return ChangesSinceBase()
    rows = queries.rows(
        "contributions",
        base=base,
        days={queries.day, base},
        read_days=queries.order_days,
    )
    if not queries.settings.shop_names:
        rows = [row for row in rows if row["dimension"] != "shop"]
    scopes = map_reduce(rows, itemgetter("scope"))
    like_for_like = None
    if "like_for_like" in scopes:
        like_for_like = LikeForLike(**_contributions(scopes["like_for_like"]))
    changes = Changes(
        base=base,
        rising=_movers(queries.products, 1),
        falling=_movers(queries.products, -1),
        unconverted=_names(rows, "unconverted"),
        began=_names(rows, "began"),
        ended=_names(rows, "ended"),
        like_for_like=like_for_like,
        **_contributions(scopes.get("all", [])),
    )
    return ChangesSinceBase(changes=changes)


def _contributions(rows: Sequence[Row]) -> Values:
    """Return the fields of `LikeForLike` of one scope, in the order of the query: the largest first."""
    # Without sales on either day there is no row.
    fields: Values = {"before": ZERO, "now": ZERO}
    for row in rows:
        if row["dimension"] == "total":
            fields |= {"before": row["before"], "now": row["now"]}
    for dimension, field in FIELDS.items():
        fields[field] = Contribution.list_of(
            row
            for row in rows
            if row["dimension"] == dimension and (row["before"] or row["now"])
        )
    return fields


def _names(rows: Sequence[Row], dimension: str) -> list[str]:
    return sorted(row["name"] for row in rows if row["dimension"] == dimension)


def _movers(rows: Sequence[Row], sign: int) -> list[Mover]:
    """Return the products that rose most (`sign` 1) or fell most (-1), of the rows of `products.sql`."""
    moved = [mover for mover in Mover.list_of(rows) if mover.change * sign > 0]
    moved.sort(key=lambda mover: (-abs(mover.change), mover.sku))
    return moved[:MOST_MOVERS]
