-- DuckDB: the orders whose own row could not be read.
CREATE TABLE unread_orders AS
SELECT DISTINCT cells['order_id'] AS order_id
FROM rejected_cells
WHERE file = 'orders' AND cells['order_id'] <> ''
ORDER BY order_id;
