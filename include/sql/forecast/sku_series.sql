{% from "warehouse/macros/conversion.sql" import converted, rate_columns, rounded with context %}
{% from "warehouse/macros/versions.sql" import newest %}
-- Daily gross sales by SKU: of the best-selling SKUs in the weeks before the forecast, and of the SKUs in the parameter
-- "named", such as those with promotions.
WITH sums AS (
    SELECT
        business_date,
        sku,
        currency,
        {{ newest("product_name") }} AS product,
        MAX(category) AS category,
        SUM(gross_amount) AS gross_sales
    FROM `sales.order_lines`
    WHERE business_date BETWEEN {{ first }} AND {{ day }}
        AND is_sale
        AND NOT is_test
        AND sku IS NOT NULL
    GROUP BY business_date, sku, currency
),

converted AS (
    SELECT
        rated.business_date,
        rated.sku,
        MAX(rated.product) AS product,
        MAX(rated.category) AS category,
        {{ rounded("SUM(" ~ converted("gross_sales") ~ ")") }} AS gross_sales
    FROM (
        SELECT
            sums.*,
            {{ rate_columns("sums.currency", "rates") }}
        FROM sums
        LEFT JOIN `sales.conversion_rates` AS rates
            ON
                sums.business_date = rates.business_date
                AND sums.currency = rates.currency
    ) AS rated
    GROUP BY rated.business_date, rated.sku
),

best_sellers AS (
    SELECT sku
    FROM converted
    WHERE business_date >= {{ recent }}
    GROUP BY sku
    HAVING SUM(gross_sales) > 0
    ORDER BY SUM(gross_sales) DESC, sku ASC
    LIMIT {{ most }}
)

SELECT
    converted.business_date,
    'sku' AS kind,
    converted.sku AS name,
    converted.product,
    converted.category,
    converted.gross_sales,
    best_sellers.sku IS NOT NULL AS is_best_seller
FROM converted
LEFT JOIN best_sellers
    ON converted.sku = best_sellers.sku
WHERE best_sellers.sku IS NOT NULL
    OR converted.sku IN UNNEST(@named)
