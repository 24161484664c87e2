-- DuckDB: ids of the orders just read that have refunds, in their files or stored.
SELECT order_id
FROM read_orders
WHERE is_refunded
UNION
SELECT order_id
FROM stored_refunds
SEMI JOIN read_orders ON stored_refunds.channel = read_orders.partner AND stored_refunds.order_id = read_orders.order_id
ORDER BY order_id
