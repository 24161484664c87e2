-- The day's best-selling products by sales after discounts; a product's name is that of its newest order. Converted
-- and rounded after summing, like every other amount: the lines of order_lines_reporting are rounded one by one.
{% from "warehouse/macros/conversion.sql" import converted, rate_columns, rounded with context %}
WITH sums AS (
    SELECT
        COALESCE(sku, product_name, '') AS sku,
        business_date,
        currency,
        MAX_BY(product_name, ordered_at) AS product_name,
        MAX_BY(category, ordered_at) AS category,
        MAX(ordered_at) AS ordered_at,
        SUM(quantity) AS units,
        SUM(amount_after_discount) AS sales
    FROM {{ table("order_lines") }}
    WHERE business_date = {{ day }}
        AND is_sale
        AND NOT is_test
    GROUP BY 1, business_date, currency
),

rated AS (
    SELECT
        sums.*,
        {{ rate_columns("sums.currency", "rates") }}
    FROM sums
    LEFT JOIN {{ table("conversion_rates") }} AS rates
        ON
            sums.business_date = rates.business_date
            AND sums.currency = rates.currency
),

sold AS (
    SELECT
        sku,
        MAX_BY(product_name, ordered_at) AS name,
        MAX_BY(category, ordered_at) AS category,
        SUM(units) AS units,
        {{ rounded("SUM(" ~ converted("sales") ~ ")") }} AS sales
    FROM rated
    WHERE order_rate IS NOT NULL
        AND reporting_rate IS NOT NULL
    GROUP BY sku
)

SELECT
    sold.*,
    products.thumbnail_uri AS thumbnail
FROM sold
LEFT JOIN {{ table("products") }} AS products
    ON sold.sku = products.sku
ORDER BY sold.sales DESC, sold.sku ASC
LIMIT {{ most }}
