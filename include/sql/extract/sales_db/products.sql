-- Products of the selected items and products changed in the window. unit_cost is optional, as in order_items.sql.
SELECT items.*
FROM (SELECT NULL::numeric AS unit_cost) AS absent
CROSS JOIN LATERAL (
    SELECT
        sku,
        name,
        category,
        unit_cost::text AS unit_cost,
        updated_at
    FROM products
    WHERE sku IN (SELECT sku FROM read_items)
       OR (updated_at >= %(changed_from)s AND updated_at < %(changed_until)s)
) AS items
