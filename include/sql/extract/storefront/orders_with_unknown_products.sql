-- Orders with a product that the storefront does not return: deleted (0), in the trash, or hidden from the API key.
SELECT DISTINCT order_id
FROM (SELECT order_id, unnest(product_ids) AS product_id FROM orders_read)
WHERE
  product_id = '0'
  OR product_id NOT IN (
    SELECT id
    FROM read_json(getvariable('product_pages'), format = 'array', records = TRUE, columns = { id: 'VARCHAR' })
    WHERE id IS NOT NULL
  )
ORDER BY order_id;
