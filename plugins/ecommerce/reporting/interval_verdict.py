"""The verdict on a figure by the intervals of its forecast: one rule for every report."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

Verdict = Literal["as expected", "unusual", "very unusual"]


def verdict(actual: Decimal, in_80: tuple[Decimal, Decimal], in_95: tuple[Decimal, Decimal]) -> Verdict:
    """Return `unusual` outside the 80 % interval, `very unusual` outside the 95 % interval; the bounds are
    inside."""
    if in_80[0] <= actual <= in_80[1]:
        return "as expected"
    return "unusual" if in_95[0] <= actual <= in_95[1] else "very unusual"
