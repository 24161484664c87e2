"""What a finding is made of, and the implausible amounts that one kind of finding is about."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from ecommerce.sales.report.figures.base import Part

MISSING, EMPTY, DOUBTFUL, UNCONVERTED = "missing", "empty", "doubtful", "unconverted"
IMPLAUSIBLE = "implausible"
UNUSUAL_SALES, UNUSUAL_RATE, CONTRIBUTION = "unusual_sales", "unusual_rate", "contribution"
CHANNELS = "channels"
DISCOUNT, NEGATIVE_DISCOUNT, REFUND = "discount", "negative_discount", "refund"
"""Kinds of implausible amounts."""
AMOUNTS = (
    *("change", "total_change", "actual", "forecast", "lower_80", "upper_80", "began", "ended"),
    *("amount", "base_amount", "effect"),
)
"""The numbers of findings that are amounts in reporting currency."""


class Finding(Part):
    """A finding: `kind`; `about`, the names in its sentence; `numbers`, its figures by their names. Amounts
    are in reporting currency, shares are fractions of one.

    | kind | about | numbers |
    |---|---|---|
    | missing | sources; `partner_files: <partner>` | |
    | empty | sources; `partner_files: <partner>` | |
    | doubtful | sources; `partner_files: <partner>` | |
    | unconverted | currencies | orders |
    | implausible | an amount's kind, source, order | amount, base_amount, effect (on net sales), orders |
    | unusual_sales | the forecast's series, the verdict, currencies left out | actual, forecast, lower_80, \
      upper_80 |
    | unusual_rate | a name of `model.RATES` | rate, average, days |
    | contribution | kind, name, base (ISO date), currencies and `channel:<name>` left out | change, \
      total_change, share |
    | channels | base, `began:<name>` and `ended:<name>` of channels | began, ended |
    """

    kind: str
    about: list[str] = Field(default_factory=list)
    numbers: dict[str, Decimal] = Field(default_factory=dict)


class ImplausibleAmount(Part):
    """An implausible amount in reporting currency, loaded as it is. `base_amount`: what it exceeds, a line's
    amount or an order's total; of a negative discount its line's amount. `excess`: by how much it changes net
    sales if it is an error."""

    kind: str
    source: str
    order_id: str
    amount: Decimal
    base_amount: Decimal
    excess: Decimal

    @property
    def effect(self) -> Decimal:
        """The change of net sales, with its sign."""
        return self.excess if self.kind == NEGATIVE_DISCOUNT else -self.excess
