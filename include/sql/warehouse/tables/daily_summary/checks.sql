SELECT
    'daily_summary: one row for every day with orders or refunds' AS check_name,
    'error' AS severity,
    CAST(known_days.business_date AS STRING) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM (
    SELECT business_date
    FROM `sales.orders`
    WHERE {{ days("business_date") }}
    UNION DISTINCT
    SELECT business_date
    FROM `sales.refunds`
    WHERE {{ days("business_date") }}
) AS known_days
LEFT JOIN `sales.daily_summary` AS summaries
    ON known_days.business_date = summaries.business_date
GROUP BY known_days.business_date
HAVING COUNT(summaries.business_date) <> 1

UNION ALL
SELECT
    'daily_summary: orders, customers and units are those of the tables' AS check_name,
    'error' AS severity,
    CAST(summaries.business_date AS STRING) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.daily_summary` AS summaries
LEFT JOIN (
    SELECT
        business_date,
        COUNT(*) AS orders,
        COUNT(DISTINCT customer_hash) AS customers
    FROM `sales.orders`
    WHERE
        {{ days("business_date") }}
        AND is_sale
        AND NOT is_test
    GROUP BY business_date
) AS counted
    ON summaries.business_date = counted.business_date
LEFT JOIN (
    SELECT
        business_date,
        SUM(units) AS units
    FROM `sales.daily_sales`
    WHERE {{ days("business_date") }}
    GROUP BY business_date
) AS sold
    ON summaries.business_date = sold.business_date
WHERE
    {{ days("summaries.business_date") }}
    AND (
        summaries.orders <> COALESCE(counted.orders, 0)
        OR summaries.customers <> COALESCE(counted.customers, 0)
        OR summaries.units <> COALESCE(sold.units, 0)
    )

UNION ALL
-- daily_sales is rounded per row, daily_summary once per day.
SELECT
    'daily_summary: the amounts are those of daily_sales' AS check_name,
    'error' AS severity,
    CAST(summaries.business_date AS STRING) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.daily_summary` AS summaries
LEFT JOIN (
    SELECT
        business_date,
        COUNT(*) AS parts,
        SUM(gross_sales_reporting) AS gross_sales,
        SUM(discounts_reporting) AS discounts,
        SUM(returns_reporting) AS returns,
        SUM(net_sales_reporting) AS net_sales
    FROM `sales.daily_sales`
    WHERE {{ days("business_date") }}
    GROUP BY business_date
) AS sums
    ON summaries.business_date = sums.business_date
WHERE
    {{ days("summaries.business_date") }}
    AND 10000 * GREATEST(
        ABS(summaries.gross_sales - COALESCE(sums.gross_sales, 0)),
        ABS(summaries.discounts - COALESCE(sums.discounts, 0)),
        ABS(summaries.returns - COALESCE(sums.returns, 0)),
        ABS(summaries.net_sales - COALESCE(sums.net_sales, 0))
    ) > COALESCE(sums.parts, 0)
