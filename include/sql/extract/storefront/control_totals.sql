-- Counts and sums of the storefront's orders: only the newest version of each order counts. `records` are all versions, and
-- the products.
SELECT
  count(*) AS source_orders,
  coalesce(sum(len(product_ids)), 0)::BIGINT AS source_lines,
  (SELECT count(*) FROM refund_stubs) AS source_refunds,
  coalesce(sum(subtotal), 0)::DECIMAL(38, 4)::VARCHAR AS source_amount,
  (
    SELECT coalesce(list({'currency': currency, 'amount': amount::VARCHAR} ORDER BY currency), [])
    FROM (SELECT currency, sum(amount)::DECIMAL(38, 4) AS amount FROM orders_read GROUP BY currency)
    WHERE amount IS NOT NULL
  ) AS source_amounts,
  (SELECT coalesce(sum(amount), 0)::DECIMAL(38, 4)::VARCHAR FROM refund_stubs) AS source_refund_amount,
  (
    coalesce(sum(records), 0)
    + (SELECT count(*) FROM read_json(getvariable('product_pages'), format = 'array', records = TRUE, columns = { id: 'VARCHAR' }))
  )::BIGINT AS records
FROM orders_read;
