"""Contributions to the change of net sales: by category, country, channel, customers and kind of amount, and
by product. The view `sales_contributions` has the rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import Field

from ecommerce.core import text
from ecommerce.reporting.charts import Bar, Chart
from ecommerce.reporting.parts import ZERO, Part, Row
from ecommerce.reporting.sections import (
    Section,
    TableColumn,
    amounts,
    column_table,
    name,
    named,
    number,
    quiet,
    with_others,
)
from ecommerce.sales import terms
from ecommerce.sales.day_queries import MOST_MOVERS, DayQueries
from ecommerce.sales.report.sections.base import (
    DIMENSIONS,
    Cell,
    Dimension,
    cells_of,
    ranked_bars,
)
from ecommerce.sales.report.sections.headline import base_name
from ecommerce.sales.report.sections.products import product_name

if TYPE_CHECKING:
    from ecommerce.sales.report.figures import Figures

MOST_ROWS = 20
"""Rows of a table, the last one for all others; figures.json and figures.csv have all."""
FIELDS = {
    "category": "categories",
    "country": "countries",
    "channel": "channels",
    "measure": "measures",
    "customers": "customers",
    "product": "products",
}
"""The fields of `LikeForLike` by the dimension in `sales_contributions`."""


class Contribution(Part):
    """The net sales of one name on both days; all `now - before` of one dimension add up to the change of the
    day. `parent` and `label`: category and name of a product."""

    name: str
    before: Decimal
    now: Decimal
    parent: str | None = None
    label: str | None = None

    @property
    def change(self) -> Decimal:
        """The contribution to the change of net sales."""
        return self.now - self.before


class Mover(Part):
    """A product with its gross sales less discounts on both days; `thumbnail` as in `products.Product`."""

    sku: str
    name: str | None
    before: Decimal
    now: Decimal
    thumbnail: str | None = None

    @property
    def change(self) -> Decimal:
        """The change of the product's sales."""
        return self.now - self.before


class LikeForLike(Part):
    """The change of net sales from `before` to `now`, and the contributions to it, the largest first.
    `customers`: of new and returning customers, guests, and returns; `measures`: of gross sales, discounts
    and returns; `products`: those that changed most, after returns."""

    before: Decimal
    now: Decimal
    categories: list[Contribution]
    countries: list[Contribution]
    channels: list[Contribution]
    customers: list[Contribution] = Field(default_factory=list)
    measures: list[Contribution] = Field(default_factory=list)
    products: list[Contribution] = Field(default_factory=list)

    @property
    def change(self) -> Decimal:
        """The change of net sales."""
        return self.now - self.before


class Changes(LikeForLike):
    """The change of net sales since `base`: the same weekday of the week before where that day is complete,
    else the day before. Neither day has the sales in `unconverted` currencies, which have no exchange rate on
    one of both days. `began` and `ended`: channels that did so between both days; `like_for_like`: the change
    of the others, where there are such."""

    base: date
    rising: list[Mover]
    falling: list[Mover]
    unconverted: list[str] = Field(default_factory=list)
    began: list[str] = Field(default_factory=list)
    ended: list[str] = Field(default_factory=list)
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


def read(queries: DayQueries) -> dict[str, Any]:
    """Return the fields of `ChangesSinceBase`."""
    base = queries.base
    if base is None:
        return {}
    rows = queries.rows("contributions", base=base, **queries.order_days)
    like_for_like = None
    if any(row["scope"] == "like_for_like" for row in rows):
        like_for_like = LikeForLike(**_scope(rows, "like_for_like"))
    changes = Changes(
        base=base,
        rising=_movers(queries.products, 1),
        falling=_movers(queries.products, -1),
        unconverted=_names(rows, "unconverted"),
        began=_names(rows, "began"),
        ended=_names(rows, "ended"),
        like_for_like=like_for_like,
        **_scope(rows, "all"),
    )
    return {"changes": changes}


def _scope(rows: Sequence[Row], scope: str) -> dict[str, Any]:
    """Return the fields of `LikeForLike` of one scope, in the order of the query: the largest first."""
    fields: dict[str, Any] = {field: [] for field in FIELDS.values()}
    # Without sales on either day there is no row.
    fields |= {"before": ZERO, "now": ZERO}
    for row in rows:
        if row["scope"] != scope:
            continue
        if row["dimension"] == "total":
            fields |= {"before": row["before"], "now": row["now"]}
        elif row["dimension"] in FIELDS and (row["before"] or row["now"]):
            fields[FIELDS[row["dimension"]]].append(Contribution.of(row))
    return fields


def _names(rows: Sequence[Row], dimension: str) -> list[str]:
    return sorted(row["name"] for row in rows if row["dimension"] == dimension)


def _movers(rows: Sequence[Row], sign: int) -> list[Mover]:
    """Return the products that rose most (`sign` 1) or fell most (-1), of the rows of `products.sql`."""
    movers = [Mover.of(row) for row in rows]
    moved = [mover for mover in movers if mover.change * sign > 0]
    moved.sort(key=lambda mover: (-abs(mover.change), mover.sku))
    return moved[:MOST_MOVERS]


def tables(figures: Figures) -> list[Section]:
    """Return the contributions by category, country and channel, then the products."""
    base = "Before"
    if figures.changes:
        base = text.short_day(figures.changes.base)
    sections = [_contributions(figures, dimension, base) for dimension in DIMENSIONS]
    for movement, verb in (("rising", "rose"), ("falling", "fell")):
        rows = getattr(figures.changes, movement, [])
        sections.append(
            _products(
                figures,
                movement,
                verb,
                rows,
                base,
            )
        )
    return sections


def cells(figures: Figures) -> Iterator[Cell]:
    """Yield the contributions and the products for `figures.csv`."""
    changes = figures.changes
    if changes is None:
        return
    for field in FIELDS.values():
        if field != "products":
            rows = getattr(changes, field)
            yield from cells_of(f"change_by_{field}", rows, "name", "before", "now")
    yield from cells_of("rising", changes.rising, "sku", "before", "now")
    yield from cells_of("falling", changes.falling, "sku", "before", "now")


def change_words(figures: Figures) -> str:
    """Return the change in half a line: `net sales 16,120.00 → 18,342.56 USD, +2,222.56`."""
    changes = figures.changes
    if changes is None:
        return no_base(figures)
    before = text.amount(changes.before, figures.currency)
    now = text.with_currency(changes.now, figures.currency)
    change = terms.signed(changes.change, figures.currency)
    return f"net sales {before} → {now}, {change}{left_out(figures)}"


def no_base(figures: Figures) -> str:
    """Return why no change is stated."""
    before = base_name(figures, "day_before")
    week_before = base_name(figures, "week_before")
    return f"No change is stated: neither {week_before} nor {before} is loaded and complete."


def left_out(figures: Figures) -> str:
    """Return `, without amounts in BRL`; nothing where no currency is left out."""
    if figures.changes is None or not figures.changes.unconverted:
        return ""
    currencies = map(text.clean, figures.changes.unconverted)
    return f", without amounts in {text.listed(currencies)}"


def own_change(row: Contribution) -> str:
    """Return the change of a row in percent, or `new`; there is none from a negative amount."""
    if row.now and not row.before:
        return "new"
    return text.change(row.now, max(row.before, ZERO))


def _contributions(figures: Figures, dimension: Dimension, base: str) -> Section:
    rows: list[Contribution] = dimension.rows(figures.changes)
    return column_table(
        f"changes_{dimension.plural}",
        f"By {dimension.name}",
        with_others(rows, MOST_ROWS, ("before", "now"), alone=terms.UNALLOCATED),
        named(dimension.name.capitalize(), "name", dimension.label),
        *_both_days(figures, base, "Contribution"),
        (quiet("Change"), own_change),
        empty="No sales on either day." if figures.changes else no_base(figures),
        note=f"contribution to the change of net sales in {figures.currency}{left_out(figures)}",
        chart=_chart(figures, dimension, rows),
    )


def _products(
    figures: Figures, movement: str, verb: str, rows: list[Mover], base: str
) -> Section:
    return column_table(
        movement,
        f"{terms.capital(movement)} products",
        rows,
        (name("Product"), product_name),
        *_both_days(figures, base, "Change"),
        keys=[row.sku for row in rows],
        empty=f"No product {verb}." if figures.changes else no_base(figures),
        note=f"sales before returns, in {figures.currency}",
    )


def _both_days(figures: Figures, base: str, difference: str) -> list[TableColumn]:
    currency = figures.currency
    return [
        (quiet(base), lambda row: text.amount(row.before, currency)),
        amounts("This day", "now", currency),
        (number(difference), lambda row: terms.signed(row.change, currency)),
    ]


def _chart(figures: Figures, dimension: Dimension, rows: list[Contribution]) -> Chart:
    def bar(row: Contribution) -> Bar:
        change = terms.signed(row.change, figures.currency)
        label = dimension.label(row.name)
        return Bar(label, row.change, change, own_change(row))

    return ranked_bars(
        f"changes-{dimension.plural}.svg",
        f"Contribution to the change of net sales by {dimension.name}",
        [row for row in rows if row.change] or rows,
        ("before", "now"),
        bar,
    )
