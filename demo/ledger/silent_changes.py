"""Changes that leave no trace in their system: only comparing it with the warehouse finds them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from demo.ledger.model import SALES_DB, STOREFRONT, Order, Refund
from demo.ledger.order_lifecycle import PAID


def apply_silent_change(
    orders: Iterable[Order], refunds: Iterable[Refund], window: tuple[datetime, datetime]
) -> tuple[list[Order], list[Refund]]:
    """`orders` and `refunds` after one order of `window` of the sales database got another quantity, and one
    of the storefront's was deleted for good.

    Both are the last ones of the day that count and of which nothing was given back.
    """
    orders, refunds = list(orders), list(refunds)
    refunded = {(refund.channel, refund.order_id) for refund in refunds}
    start, end = window

    def chosen(channel: str) -> Order | None:
        found = (
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
        return next(found, None)

    edited, deleted = chosen(SALES_DB), chosen(STOREFRONT)
    if edited:
        line = edited.lines[0]
        more = replace(line, quantity=line.quantity + 1, gross=line.gross + line.unit_price)
        orders[orders.index(edited)] = replace(edited, lines=(more, *edited.lines[1:]))
    if deleted:
        orders.remove(deleted)
    return orders, refunds
