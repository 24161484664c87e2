SELECT
    'daily_sales: one row per key' AS check_name,
    'error' AS severity,
    CONCAT(
        CAST(business_date AS STRING), ' ', source, ' ', channel, ' ', category, ' ', country_code, ' ',
        currency
    ) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.daily_sales`
WHERE {{ days("business_date") }}
GROUP BY business_date, source, channel, category, country_code, currency
HAVING COUNT(*) > 1

UNION ALL
SELECT
    'daily_sales: the sums are those of order_lines and refunds' AS check_name,
    'error' AS severity,
    CONCAT(CAST(business_date AS STRING), ' ', source, ' ', currency) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM (
    SELECT
        business_date,
        source,
        currency,
        units,
        gross_sales AS gross,
        discounts,
        returns
    FROM `sales.daily_sales`
    WHERE {{ days("business_date") }}
    UNION ALL
    SELECT
        business_date,
        source,
        currency,
        -quantity AS units,
        -gross_amount AS gross,
        -discount_amount AS discounts,
        NUMERIC '0' AS returns
    FROM `sales.order_lines`
    WHERE
        {{ days("business_date") }}
        AND is_sale
        AND NOT is_test
    UNION ALL
    SELECT
        business_date,
        source,
        currency,
        NUMERIC '0' AS units,
        NUMERIC '0' AS gross,
        NUMERIC '0' AS discounts,
        -merchandise_amount AS returns
    FROM `sales.refunds`
    WHERE
        {{ days("business_date") }}
        AND is_sale
        AND NOT is_test
) AS differences
GROUP BY business_date, source, currency
HAVING
    SUM(units) <> 0
    OR SUM(gross) <> 0
    OR SUM(discounts) <> 0
    OR SUM(returns) <> 0

UNION ALL
SELECT
    'daily_sales: an exchange rate is known for every amount' AS check_name,
    'warn' AS severity,
    CONCAT(unconverted.currency, ' on ', CAST(unconverted.business_date AS STRING)) AS sample,
    unconverted.business_date AS failed_on,
    loaded.run_id AS loaded_by
FROM (
    SELECT DISTINCT
        business_date,
        currency
    FROM `sales.daily_sales`
    WHERE
        {{ days("business_date") }}
        AND net_sales_reporting IS NULL
) AS unconverted
LEFT JOIN (
    SELECT DISTINCT
        business_date,
        currency,
        run_id
    FROM `sales.orders`
    WHERE
        {{ days("business_date") }}
        AND run_id = @run_id
) AS loaded
    ON
        unconverted.business_date = loaded.business_date
        AND unconverted.currency = loaded.currency
