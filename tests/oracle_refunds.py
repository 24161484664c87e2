"""How the oracle splits refunds into rows and into merchandise, tax and shipping."""

from decimal import Decimal
from typing import NamedTuple

ZERO = Decimal(0)


class Part(NamedTuple):
    """One row of a refund; line number 0 is what no line explains."""

    line_number: int
    quantity: Decimal
    merchandise: Decimal
    tax: Decimal
    shipping: Decimal


def split_sales_db(order, refunds):
    """The database books merchandise only: one row each, of a line or of the whole order."""
    for refund in refunds:
        number = refund.lines[0].line_number if refund.lines else 0
        yield refund, Part(number, refund.quantity, refund.amount, ZERO, ZERO)


def split_storefront(order, refunds):
    """Refund by refund, in the order of their ids: first the lines, which may be negative.

    The rest of the amount is taken from the merchandise not refunded so far, then from the tax, then from
    shipping and fees. What exceeds them all is merchandise.
    """
    left = (
        [order.merchandise, order.tax, order.shipping + order.fee]
        if order
        else [ZERO, ZERO, ZERO]
    )
    for refund in sorted(refunds, key=lambda refund: int(refund.refund_id)):
        rest = refund.amount
        for line in refund.lines:
            yield (
                refund,
                Part(
                    line.line_number,
                    line.quantity,
                    line.merchandise,
                    line.tax,
                    ZERO,
                ),
            )
            rest -= line.merchandise + line.tax
        left[0] -= max(sum((line.merchandise for line in refund.lines), ZERO), ZERO)
        left[1] -= max(sum((line.tax for line in refund.lines), ZERO), ZERO)
        if rest or not refund.lines:
            taken = []
            for kind, amount in enumerate(left):
                taken.append(min(rest, max(amount, ZERO)))
                left[kind] -= taken[kind]
                rest -= taken[kind]
            merchandise, tax, shipping = taken
            yield refund, Part(0, ZERO, merchandise + rest, tax, shipping)
