-- DuckDB: ids of the orders in the files just read and in their previous deliveries, and the numbers of which they may be
-- a spreadsheet's spelling.
WITH delivered AS (
    SELECT unnest(order_ids) AS order_id
    FROM files
)

FROM delivered

UNION

SELECT number_of_id(order_id) AS order_id
FROM delivered
WHERE number_of_id(order_id) <> order_id

UNION

SELECT loaded_orders.order_id
FROM loaded_orders
SEMI JOIN files USING (file)

ORDER BY order_id
