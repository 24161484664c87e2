-- What the storefront says it has: the newest version of each order counts once.
SELECT
  count(*) AS orders,
  coalesce(sum(len(product_ids)), 0)::BIGINT AS lines,
  coalesce(sum(subtotal), 0)::DECIMAL(38, 4)::VARCHAR AS amount,
  coalesce(sum(records), 0)::BIGINT AS records
FROM orders_read;
