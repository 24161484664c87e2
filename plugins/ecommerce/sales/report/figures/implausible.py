"""Amounts that are hardly true, such as a discount above its line: loaded as they are, and a finding where
they move the day."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ecommerce.sales.report.figures.base import Part

DISCOUNT, NEGATIVE_DISCOUNT, REFUND = "discount", "negative_discount", "refund"
WORTH_A_WORD = Decimal("0.03")
"""Of the day's gross sales."""


class ImplausibleAmount(Part):
    """One amount in reporting currency. `base_amount`: what it exceeds, a line's amount or an order's total;
    of a negative discount its line's amount. `excess`: by how much it changes net sales if it is an error."""

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


def worth_a_word(
    amounts: Sequence[ImplausibleAmount], gross_sales: Decimal
) -> tuple[ImplausibleAmount, Decimal, int] | None:
    """The amount with the largest effect, the effect on net sales of all in its direction, and how many
    orders have them; None where they do not move the day. `amounts`: the largest first."""
    if not amounts:
        return None
    largest = amounts[0]
    alike = [each for each in amounts if (each.effect > 0) == (largest.effect > 0)]
    effect = sum((each.effect for each in alike), Decimal(0))
    if abs(effect) < WORTH_A_WORD * gross_sales or not effect:
        return None
    return largest, effect, len({(each.source, each.order_id) for each in alike})
