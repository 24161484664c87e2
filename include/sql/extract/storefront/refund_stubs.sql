-- Refunds as listed in the orders, each once: amounts are negative, a deleted refund leaves an entry with id 0. Returns the
-- orders that have any. An order id that is no number, which the transform rejects, is no part of an address.
CREATE TABLE refund_stubs AS
SELECT DISTINCT ON (order_id, refund_id)
  order_id, stub.id AS refund_id, -try_cast(stub.total AS DECIMAL(18, 4)) AS amount
FROM (SELECT order_id, unnest(refunds) AS stub FROM orders_read)
WHERE stub.id <> '0' AND regexp_full_match(order_id, '\d+')
ORDER BY order_id, refund_id;

SELECT DISTINCT order_id
FROM refund_stubs;
