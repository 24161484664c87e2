-- Known orders that no longer exist: neither the order nor a refund of it.
SELECT known_orders.order_id
FROM known_orders
WHERE NOT EXISTS (SELECT FROM orders WHERE orders.order_id = known_orders.order_id)
    AND NOT EXISTS (SELECT FROM refunds WHERE refunds.order_id = known_orders.order_id)
