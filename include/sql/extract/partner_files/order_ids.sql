-- DuckDB: the orders that the files just read hold, or held when they were loaded before.
SELECT unnest(order_ids) AS order_id
FROM files

UNION

SELECT loaded_orders.order_id
FROM loaded_orders
SEMI JOIN files USING (file)

ORDER BY order_id
