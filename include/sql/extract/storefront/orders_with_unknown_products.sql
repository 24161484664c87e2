-- Orders with a product that the storefront does not return: deleted (0), in the trash, or hidden from the API key.
SELECT order_id
FROM orders_read
WHERE
  list_contains(product_ids, '0')
  OR NOT list_has_all(
    (
      SELECT coalesce(list(DISTINCT id), [])
      FROM read_json(getvariable('product_pages'), format = 'array', columns = { id: 'VARCHAR' })
    ),
    list_filter(product_ids, lambda id: id <> '0')
  )
ORDER BY order_id;
