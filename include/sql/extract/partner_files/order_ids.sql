-- DuckDB: ids of the orders in the files just read and in their previous deliveries.
SELECT unnest(order_ids) AS order_id
FROM files

UNION

SELECT loaded_orders.order_id
FROM loaded_orders
SEMI JOIN files USING (file)

ORDER BY order_id
