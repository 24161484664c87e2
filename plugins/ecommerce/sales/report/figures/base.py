"""The base class of all figures, the dimensions of net sales, query results, and rounding that adds up."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict

from ecommerce.core import text
from ecommerce.sales.report import terms

ZERO = Decimal(0)
Row = Mapping[str, Any]
"""A row of a query of include/sql/report/daily_sales."""
Query = Callable[..., list[dict[str, Any]]]
"""Runs a query of the report by its name."""


class Part(BaseModel):
    """A part of the figures: immutable, without unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def of(cls, row: Row, **fields: Any) -> Self:
        """Return the part with the columns of `row` that have names of its fields, and other `fields`."""
        return cls(
            **{name: row[name] for name in cls.model_fields if name in row} | fields
        )


class Dimension(NamedTuple):
    """A dimension of net sales: its name, the field of its rows in `Figures` and `Changes`, its column in
    `sales.sql`, and the label of a value."""

    name: str
    plural: str
    column: str
    label: Callable[[str], str]

    def rows(self, part: Part | None) -> list[Any]:
        """Return the rows of `Figures` or `Changes` by this dimension."""
        return getattr(part, self.plural) if part else []


CATEGORY = Dimension("category", "categories", "category", terms.category)
COUNTRY = Dimension("country", "countries", "country_code", terms.country)
CHANNEL = Dimension("channel", "channels", "channel", text.source_name)
DIMENSIONS = (CATEGORY, COUNTRY, CHANNEL)


def total(rows: Iterable[Part], field: str) -> Decimal:
    """Return the sum of the amounts `field` of `rows`."""
    return sum((getattr(row, field) for row in rows), ZERO)


def rounded_parts(amounts: Iterable[Decimal]) -> Iterator[Decimal]:
    """Round amounts in ten-thousandths to four decimals so that they add up: the running total is rounded."""
    total = whole = ZERO
    for amount in amounts:
        total, before = total + amount, whole
        whole = total.quantize(Decimal(1), ROUND_HALF_UP)
        yield (whole - before).scaleb(-4)
