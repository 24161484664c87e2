-- The products of the items read, and those changed in the window.
-- %(skus)s: the SKUs found in the items just read, as text[]; looking for them here would read the items twice.
SELECT
    sku,
    name,
    category,
    updated_at
FROM products
WHERE sku = ANY (%(skus)s)
   OR (updated_at >= %(changed_from)s AND updated_at < %(changed_until)s)
