-- Counts and sums of the storefront's orders: only the newest version of each order counts.
SELECT
  count(*) AS orders,
  coalesce(sum(len(product_ids)), 0)::BIGINT AS lines,
  coalesce(sum(subtotal), 0)::DECIMAL(38, 4)::VARCHAR AS amount,
  coalesce(sum(records), 0)::BIGINT AS records,
  (
    SELECT coalesce(list({'currency': currency, 'amount': amount::VARCHAR} ORDER BY currency), [])
    FROM (SELECT currency, sum(amount)::DECIMAL(38, 4) AS amount FROM orders_read GROUP BY currency)
    WHERE amount IS NOT NULL
  ) AS amounts
FROM orders_read;
