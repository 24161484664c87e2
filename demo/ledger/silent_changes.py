"""Changes without a new modification date, which only a comparison with the warehouse finds."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from demo.ledger.model import SALES_DB, STOREFRONT, Order, Refund
from demo.ledger.order_lifecycle import PAID


def apply_silent_change(
    orders: Iterable[Order],
    refunds: Iterable[Refund],
    window: tuple[datetime, datetime],
) -> tuple[list[Order], list[Refund]]:
    """Return orders and refunds after two orders have changed.

    The first, in the sales database, gets another quantity. The second, in the storefront, is deleted. Both
    are the last paid orders of the day without refunds.

    Args:
        orders: all orders.
        refunds: all refunds.
        window: the business day in UTC, `[start, end)`.
    """
    orders, refunds = list(orders), list(refunds)
    refunded = {(refund.channel, refund.order_id) for refund in refunds}
    start, end = window

    def last_order(channel: str) -> Order | None:
        candidates = (
            order
            for order in reversed(orders)
            if order.channel == channel
            and start <= order.ordered_at < end
            and order.status in PAID
            and not order.is_test
            and (channel, order.order_id) not in refunded
            and order.valid_lines
            and order.valid_lines[0].gross
        )
        return next(candidates, None)

    edited, deleted = last_order(SALES_DB), last_order(STOREFRONT)
    if edited:
        line = edited.lines[0]
        more = replace(
            line, quantity=line.quantity + 1, gross=line.gross + line.unit_price
        )
        orders[orders.index(edited)] = replace(edited, lines=(more, *edited.lines[1:]))
    if deleted:
        orders.remove(deleted)
    return orders, refunds
