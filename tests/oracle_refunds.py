"""How the oracle splits refunds into rows and into merchandise, tax and shipping."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from demo.ledger import Order, Refund

ZERO = Decimal(0)


class Part(NamedTuple):
    """One row of a refund; line number 0 is what no line explains."""

    line_number: int
    quantity: Decimal
    merchandise: Decimal
    tax: Decimal
    shipping: Decimal


def split_sales_db(order: Order | None, refunds: Iterable[Refund]) -> Iterator[tuple[Refund, Part]]:
    """The database books merchandise only: one row each, of a line or of the whole order."""
    for refund in refunds:
        number = refund.lines[0].line_number if refund.lines else 0
        yield refund, Part(number, refund.quantity, refund.amount, ZERO, ZERO)


def split_storefront(order: Order | None, refunds: Iterable[Refund]) -> Iterator[tuple[Refund, Part]]:
    """Refund by refund, in the order of their ids: first what the lines say.

    The rest of the amount comes from the merchandise not refunded so far, then from the tax, then from
    shipping and fees.
    """
    merchandise, tax = (order.merchandise, order.tax) if order else (ZERO, ZERO)
    for refund in sorted(refunds, key=lambda refund: int(refund.refund_id)):
        rest = refund.amount
        for line in refund.lines:
            yield refund, Part(line.line_number, line.quantity, line.merchandise, line.tax, ZERO)
            rest -= line.merchandise + line.tax
            merchandise, tax = merchandise - line.merchandise, tax - line.tax
        if rest or not refund.lines:
            from_merchandise = min(rest, max(merchandise, ZERO))
            from_tax = min(rest - from_merchandise, max(tax, ZERO))
            yield refund, Part(0, ZERO, from_merchandise, from_tax, rest - from_merchandise - from_tax)
            merchandise, tax = merchandise - from_merchandise, tax - from_tax
