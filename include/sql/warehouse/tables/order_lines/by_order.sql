-- What is stored of the lines of the storefront's orders asked for: a product that was deleted since has no name there.
SELECT
    order_id,
    line_number,
    sku,
    NULLIF(category, 'uncategorised') AS category
FROM {{ table("order_lines") }}
WHERE
    business_date >= {{ first_day }}
    AND source = 'storefront'
    AND order_id IN UNNEST(@order_ids)
    AND (sku IS NOT NULL OR category <> 'uncategorised');
