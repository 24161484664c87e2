-- DuckDB: the list of the ids of the orders in the files just read and in their previous deliveries.
SELECT coalesce(list(order_id ORDER BY order_id), []) AS order_ids
FROM (
    SELECT unnest(order_ids) AS order_id
    FROM files

    UNION

    SELECT loaded_orders.order_id
    FROM loaded_orders
    SEMI JOIN files USING (file)
) AS ids
