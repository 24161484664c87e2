"""What people correct after the fact, as changes of the ledger's books."""

from dataclasses import replace

COUNTED = {"processing", "shipped", "delivered", "completed"}


def plain_orders(snapshot, channel):
    """Orders that count, in dollars, without anything unusual."""
    refunded = {refund.order_id for refund in snapshot.refunds}
    orders = []
    for order in snapshot.orders_of(channel):
        is_sale = order.status in COUNTED and order.merchandise > 0
        is_usual = order.currency == "USD" and order.lines == order.valid_lines
        is_changed = order.is_test or order.order_id in refunded
        if is_sale and is_usual and not is_changed:
            orders.append(order)
    return orders


def one_more(order):
    """An order with one piece more of its first line."""
    first, *others = order.lines
    gross = first.gross + first.unit_price
    more = replace(first, quantity=first.quantity + 1, gross=gross)
    return replace(order, lines=(more, *others))


def edited(snapshot, order):
    """The books with one piece more of an order, without a new modification date."""
    return replaced(snapshot, order, lines=one_more(order).lines)


def replaced(snapshot, order, **values):
    """The books with an order that has other values."""
    kept = without(snapshot.orders, order.order_id)
    return replace(snapshot, orders=(*kept, replace(order, **values)))


def without(orders, gone):
    """All but the order `gone`."""
    return tuple(order for order in orders if order.order_id != gone)


def deleted(snapshot, order):
    """The books without an order."""
    return replace(snapshot, orders=without(snapshot.orders, order.order_id))
