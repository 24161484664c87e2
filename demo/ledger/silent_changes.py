"""Changes without a new modification date, which only a comparison finds."""

from dataclasses import replace
from datetime import datetime

from demo.ledger.model import SALES_DB, STOREFRONT, Order, Refund
from demo.ledger.order_lifecycle import PAID


def apply_silent_change(
    orders: list[Order],
    refunds: list[Refund],
    window: tuple[datetime, datetime],
) -> None:
    """Change two of `orders`: the last paid ones of a day without refunds.

    The one in the sales database gets another quantity. The one in the storefront is
    deleted.

    Args:
        orders: all orders.
        refunds: all refunds.
        window: the business day in UTC, `[start, end)`.
    """
    start, end = window
    refunded = {(refund.channel, refund.order_id) for refund in refunds}
    candidates = {}
    for order in orders:
        if (
            start <= order.ordered_at < end
            and order.status in PAID
            and not order.is_test
            and (order.channel, order.order_id) not in refunded
            and order.valid_lines
            and order.valid_lines[0].gross
        ):
            candidates[order.channel] = order
    edited = candidates.get(SALES_DB)
    if edited:
        line, *others = edited.lines
        more = replace(
            line,
            quantity=line.quantity + 1,
            gross=line.gross + line.unit_price,
        )
        orders[orders.index(edited)] = replace(edited, lines=(more, *others))
    deleted = candidates.get(STOREFRONT)
    if deleted:
        orders.remove(deleted)
