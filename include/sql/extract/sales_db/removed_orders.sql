-- Of the orders the pipeline asks for, those of which nothing is left: neither the order nor a refund of it.
SELECT known.order_id
FROM known_orders AS known
WHERE NOT EXISTS (SELECT FROM orders WHERE orders.order_id = known.order_id)
    AND NOT EXISTS (SELECT FROM refunds WHERE refunds.order_id = known.order_id)
