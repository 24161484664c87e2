-- The day's best-selling products by sales after discounts; a product's name is that of its newest order.
SELECT
    COALESCE(sku, product_name, '') AS sku,
    MAX_BY(product_name, ordered_at) AS name,
    MAX_BY(category, ordered_at) AS category,
    SUM(quantity) AS units,
    ROUND(SUM(amount_after_discount), 4) AS sales
FROM {{ table("order_lines_reporting") }}
WHERE business_date = {{ day }}
    AND is_sale
    AND NOT is_test
    AND amount_after_discount IS NOT NULL
GROUP BY 1
ORDER BY sales DESC, sku ASC
LIMIT {{ most }}
