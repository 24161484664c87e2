-- Products of the selected items and products changed in the window.
SELECT
    sku,
    name,
    category,
    updated_at
FROM products
WHERE sku IN (SELECT sku FROM read_items)
   OR (updated_at >= %(changed_from)s AND updated_at < %(changed_until)s)
