-- Stored lines of storefront orders: the storefront no longer has the SKU and category of deleted products.
SELECT
    order_id,
    line_number,
    sku,
    NULLIF(category, 'uncategorised') AS category
FROM {{ table("order_lines") }}
WHERE
    {{ days("business_date") }}
    AND source = 'storefront'
    AND order_id IN UNNEST(@order_ids)
    AND (sku IS NOT NULL OR category <> 'uncategorised');
