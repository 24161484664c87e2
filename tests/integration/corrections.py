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


def change(snapshot, order_id, at, **values):
    """One order corrected at the instant `at`; what happened to it later stays."""
    orders = []
    for order in snapshot.orders:
        if order.order_id == order_id:
            updated_at = max(order.updated_at, at)
            orders.append(replace(order, updated_at=updated_at, **values))
        else:
            orders.append(order)
    assert tuple(orders) != snapshot.orders
    return replace(snapshot, orders=tuple(orders))


def delivered_again(snapshot, gone, at):
    """The files that tell of an order come again without it."""
    files = []
    for file in snapshot.files:
        orders = without(file.orders, gone)
        if orders == file.orders:
            files.append(file)
        else:
            kept = tuple(row for row in file.repeated if row[0] != gone)
            files.append(
                replace(
                    file,
                    orders=orders,
                    repeated=kept,
                    received_at=at,
                )
            )
    assert files != list(snapshot.files)
    return replace(
        snapshot,
        files=tuple(files),
        orders=without(snapshot.orders, gone),
    )


def without(orders, gone):
    """All but the order `gone`."""
    return tuple(order for order in orders if order.order_id != gone)


def deleted(snapshot, order):
    """The books without an order."""
    return replace(snapshot, orders=without(snapshot.orders, order.order_id))
