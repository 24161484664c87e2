{% from "warehouse/macros/check.sql" import check with context %}
{% call check("daily_sales: one row per key", "error") %}
SELECT
    CONCAT(
        CAST(business_date AS STRING), ' ', source, ' ', channel, ' ', category, ' ', country_code, ' ',
        currency
    ) AS sample
FROM `sales.daily_sales`
WHERE {{ days("business_date") }}
GROUP BY business_date, source, channel, category, country_code, currency
HAVING COUNT(*) > 1
{% endcall %}

UNION ALL
{% call check("daily_sales: the sums are those of order_lines and refunds", "error") %}
SELECT CONCAT(CAST(business_date AS STRING), ' ', source, ' ', currency) AS sample
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
{% endcall %}

UNION ALL
{% call check("daily_sales: an exchange rate is known for every amount", "warn", dated=True) %}
SELECT
    CONCAT(unconverted.currency, ' on ', CAST(unconverted.business_date AS STRING)) AS sample,
    unconverted.business_date,
    loaded.run_id
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
{% endcall %};
