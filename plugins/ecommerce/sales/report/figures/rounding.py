"""Parts of a sum, rounded so that they add up to the rounded sum."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal


def rounded_parts(ten_thousandths: Iterable[Decimal]) -> Iterator[Decimal]:
    """Amounts with four decimals. What is rounded is the running total, not each part."""
    total = Decimal(0)
    for part in ten_thousandths:
        before, total = total, total + part
        yield (_whole(total) - _whole(before)).scaleb(-4)


def _whole(value: Decimal) -> Decimal:
    return value.quantize(Decimal(1), ROUND_HALF_UP)
