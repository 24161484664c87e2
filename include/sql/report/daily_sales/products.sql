-- The best-selling products of the day by sales after discounts, and those with the largest increase and decrease since
-- `base`, without the currencies that have no exchange rate on one of both `days`. The name is that of the newest order.
-- Amounts are converted and rounded after summing; order_lines_reporting rounds each line.
{% from "warehouse/macros/conversion.sql" import converted, rate_columns, rounded with context %}
{% from "warehouse/macros/versions.sql" import newest %}
{% macro compared(on) -%}
{{ rounded("SUM(IF(is_compared AND business_date = " ~ on ~ ", " ~ converted("sales") ~ ", NULL))") }}
{%- endmacro %}
WITH sums AS (
    SELECT
        COALESCE(sku, product_name, '') AS sku,
        business_date,
        currency,
        {{ newest("product_name") }} AS product_name,
        {{ newest("category") }} AS category,
        MAX(ordered_at) AS ordered_at,
        SUM(quantity) AS units,
        SUM(amount_after_discount) AS sales
    FROM `sales.order_lines`
    WHERE {{ days("business_date") }}
        AND is_sale
        AND NOT is_test
    GROUP BY 1, business_date, currency
),

-- Also a currency that only has returns on the day without a rate.
unconverted AS (
    SELECT DISTINCT currency
    FROM `sales.daily_sales`
    WHERE {{ days("business_date") }}
        AND net_sales_reporting IS NULL
),

rated AS (
    SELECT
        sums.*,
        unconverted.currency IS NULL AS is_compared,
        {{ rate_columns("sums.currency", "rates") }}
    FROM sums
    LEFT JOIN unconverted
        ON sums.currency = unconverted.currency
    LEFT JOIN `sales.conversion_rates` AS rates
        ON
            sums.business_date = rates.business_date
            AND sums.currency = rates.currency
),

sold AS (
    SELECT
        sku,
        {{ newest("product_name") }} AS name,
        {{ newest("category") }} AS category,
        SUM(IF(business_date = {{ report_day }}, units, NULL)) AS units,
        {{ rounded("SUM(IF(business_date = " ~ report_day ~ ", " ~ converted("sales") ~ ", NULL))") }} AS sales,
        COALESCE({{ compared(base) }}, 0) AS before,
        COALESCE({{ compared(report_day) }}, 0) AS now
    FROM rated
    WHERE order_rate IS NOT NULL
        AND reporting_rate IS NOT NULL
    GROUP BY sku
),

chosen AS (
    SELECT *
    FROM sold
    WHERE sales IS NOT NULL OR before <> 0
    QUALIFY
        ROW_NUMBER() OVER (ORDER BY sales IS NULL, sales DESC, sku) <= {{ most }}
        OR ROW_NUMBER() OVER (ORDER BY COALESCE(units, 0) DESC, sku) = 1
        OR ROW_NUMBER() OVER (ORDER BY now - before DESC, sku) <= {{ most_movers }}
        OR ROW_NUMBER() OVER (ORDER BY now - before, sku) <= {{ most_movers }}
)

SELECT
    chosen.*,
    products.thumbnail_uri AS thumbnail
FROM chosen
LEFT JOIN `sales.products` AS products
    ON chosen.sku = products.sku
ORDER BY chosen.sales IS NULL, chosen.sales DESC, chosen.sku ASC
