-- DuckDB: the orders whose own row was rejected.
CREATE TABLE rejected_orders AS
SELECT DISTINCT cells['order_id'] AS order_id
FROM rejected_cells
WHERE file = 'orders' AND cells['order_id'] <> ''
ORDER BY order_id;
