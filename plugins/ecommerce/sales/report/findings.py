"""What a reader should know of the day, found in its figures: at most three findings, the weightiest first.

A finding is a kind, what it is about, and its numbers. `words` makes the sentence, so that the numbers can be
recomputed and the sentence follows the locale.
"""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from ecommerce.sales.report.model import Part


class Finding(Part):
    """`kind` says which sentence it is, `about` the names in it in their order, `numbers` its figures by
    their names: amounts in reporting currency, shares as fractions of one."""

    kind: str
    about: list[str] = Field(default_factory=list)
    numbers: dict[str, Decimal] = Field(default_factory=dict)


def words(finding: Finding, currency: str) -> str:
    """The sentence."""
    return " ".join([finding.kind, *finding.about, *map(str, finding.numbers.values())])
