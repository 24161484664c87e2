-- Replaces e-mail addresses in ids of orders and refunds with hashes. Later steps use only these ids.

ALTER VIEW staged_orders RENAME TO mapped_orders;
CREATE VIEW staged_orders AS
SELECT * REPLACE (safe_id(order_id) AS order_id)
FROM mapped_orders;

ALTER VIEW staged_order_lines RENAME TO mapped_order_lines;
CREATE VIEW staged_order_lines AS
SELECT * REPLACE (safe_id(order_id) AS order_id)
FROM mapped_order_lines;

ALTER VIEW staged_refunds RENAME TO mapped_refunds;
CREATE VIEW staged_refunds AS
SELECT * REPLACE (safe_id(order_id) AS order_id, safe_id(refund_id) AS refund_id)
FROM mapped_refunds;

ALTER VIEW staged_removals RENAME TO mapped_removals;
CREATE VIEW staged_removals AS
SELECT * REPLACE (safe_id(order_id) AS order_id)
FROM mapped_removals;
