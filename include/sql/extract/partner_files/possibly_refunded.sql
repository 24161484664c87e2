-- DuckDB: ids of the orders just read of partners with stored refunds.
SELECT DISTINCT order_id
FROM read_orders
WHERE list_contains($partners::VARCHAR[], partner)
ORDER BY order_id
