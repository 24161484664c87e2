-- Orders that were asked for by their ids, and are on no page.
COPY (
  SELECT unnest($order_ids::VARCHAR[]) AS order_id
  EXCEPT
  SELECT order_id FROM orders_read
  ORDER BY order_id
) TO $file (FORMAT parquet);
