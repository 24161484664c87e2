"""The base class of all figures, the types of query results, and rounding that adds up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict

ZERO = Decimal(0)
Row = Mapping[str, Any]
"""A row of a query of include/sql/report/daily_sales."""
Query = Callable[..., list[dict[str, Any]]]
"""Runs a query of the report by its name."""


class Part(BaseModel):
    """A part of the figures: immutable, without unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def rounded_parts(amounts: Iterable[Decimal]) -> Iterator[Decimal]:
    """Round amounts in ten-thousandths to four decimals so that they add up: the running total is rounded."""
    total = ZERO
    for amount in amounts:
        before, total = total, total + amount
        yield (_whole(total) - _whole(before)).scaleb(-4)


def _whole(value: Decimal) -> Decimal:
    return value.quantize(Decimal(1), ROUND_HALF_UP)
