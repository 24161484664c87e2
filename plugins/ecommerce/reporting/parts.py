"""The base class of the figures of a report, the rows that they are made of, and their sums."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Self

from pydantic import BaseModel, field_validator

from ecommerce.core.values import Row

ZERO = Decimal(0)


class Part(BaseModel, frozen=True, extra="forbid"):
    """A part of the figures: immutable, without unknown fields."""

    @field_validator("*", mode="before")
    @classmethod
    def plain(cls, value: Any) -> Any:
        """Return an amount without zeros at its end, which depend on the types of its query."""
        if not isinstance(value, Decimal):
            return value
        if value == value.to_integral_value():
            return value.quantize(Decimal(1))
        return value.normalize()

    @classmethod
    def of(cls, row: Row, **fields: Any) -> Self:
        """Return the part with the columns of `row` that have names of its fields, and other `fields`."""
        return cls.model_validate(row | fields, extra="ignore")

    @classmethod
    def list_of(cls, rows: Iterable[Row]) -> list[Self]:
        """Return a part of each of `rows`."""
        return [cls.of(row) for row in rows]


def net_figures(row: Row) -> Row:
    """Return a row with the figures of net sales, whose columns begin with `net_`, in place of the gross
    ones."""
    net = {}
    for column, value in row.items():
        if column.startswith("net_"):
            net[column.removeprefix("net_")] = value
    return row | net


def total(rows: Iterable[Any], name: str) -> Decimal:
    """Return the sum of the amounts `name` of `rows`."""
    return sum((getattr(row, name) for row in rows), ZERO)
