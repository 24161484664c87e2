"""What people correct after the fact, as changes of the ledger's books."""

from dataclasses import replace


def plain_orders(snapshot, channel):
    """Orders that count, in dollars, without anything unusual."""
    return [
        order
        for order in snapshot.orders_of(channel)
        if order.status in {"processing", "shipped", "delivered", "completed"}
        and not order.is_test
        and order.currency == "USD"
        and order.lines == order.valid_lines
        and order.merchandise > 0
        and order.order_id not in {refund.order_id for refund in snapshot.refunds}
    ]


def change(snapshot, order_id, at, **values):
    """One order corrected at the instant `at`; what happened to it later stays."""
    orders = [
        replace(order, updated_at=max(order.updated_at, at), **values)
        if order.order_id == order_id
        else order
        for order in snapshot.orders
    ]
    assert tuple(orders) != snapshot.orders
    return replace(snapshot, orders=tuple(orders))


def delivered_again(snapshot, gone, at):
    """The files that tell of an order come again without it."""
    files = [
        replace(
            file,
            orders=tuple(order for order in file.orders if order.order_id != gone),
            repeated=tuple(row for row in file.repeated if row[0] != gone),
            received_at=at,
        )
        if gone in {order.order_id for order in file.orders}
        else file
        for file in snapshot.files
    ]
    assert files != list(snapshot.files)
    return replace(snapshot, files=tuple(files), orders=without(snapshot.orders, gone))


def without(orders, gone):
    """All but the order `gone`."""
    return tuple(order for order in orders if order.order_id != gone)
