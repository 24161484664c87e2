-- Products of the selected items and products changed in the window.
-- `skus`: the SKUs of the items just read, as text[]; selecting them here would read the items twice.
SELECT
    sku,
    name,
    category,
    updated_at
FROM products
WHERE sku = ANY (%(skus)s)
   OR (updated_at >= %(changed_from)s AND updated_at < %(changed_until)s)
