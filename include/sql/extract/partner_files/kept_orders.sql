-- DuckDB: orders just read that have refunds, as stored under the same partner, and their lines.
CREATE TABLE kept_orders AS
FROM stored_orders
SEMI JOIN read_orders ON stored_orders.channel = read_orders.partner AND stored_orders.order_id = read_orders.order_id;

CREATE TABLE kept_order_lines AS
FROM stored_lines
SEMI JOIN kept_orders USING (order_id);
