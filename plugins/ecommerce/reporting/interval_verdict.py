"""Whether a figure is unusual, given what was forecast: one rule for every report."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

Verdict = Literal["as expected", "unusual", "very unusual"]


def verdict(came: Decimal, in_80: tuple[Decimal, Decimal], in_95: tuple[Decimal, Decimal]) -> Verdict:
    """`unusual` outside the interval of 80 %, `very unusual` outside that of 95 %; the ends of an interval
    belong to it."""
    if in_80[0] <= came <= in_80[1]:
        return "as expected"
    return "unusual" if in_95[0] <= came <= in_95[1] else "very unusual"
