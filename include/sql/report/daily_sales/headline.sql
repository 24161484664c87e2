{% from "warehouse/macros/exports.sql" import exports with context %}
-- Headline figures of the day and of the days it is compared with, one row per loaded day. A day on which an export has
-- no orders has no row in daily_summary, because it had no run: between the export's first and last day it gets a row
-- of zeros. So do up to six days after the last one if the same weekday had no row in the four weeks before: a shop
-- that is closed on Sundays may switch systems on a Monday.
WITH exports AS (
    {{ exports() }}
),

covered AS (
    SELECT
        covered_day,
        LOGICAL_OR(covered_day <= exports.last_exported) AS is_exported,
        LOGICAL_OR(DATE_DIFF(covered_day, exports.first_exported, DAY) >= 28) AS has_weeks_before
    FROM exports
    CROSS JOIN
        UNNEST(
            GENERATE_DATE_ARRAY(exports.first_exported, DATE_ADD(exports.last_exported, INTERVAL 6 DAY))
        ) AS covered_day
    WHERE {{ days("covered_day") }}
    GROUP BY covered_day
),

closed AS (
    SELECT covered.covered_day
    FROM covered
    LEFT JOIN {{ table("daily_summary") }} AS summaries
        ON DATE_DIFF(covered.covered_day, summaries.business_date, DAY) IN (0, 7, 14, 21, 28)
    GROUP BY covered.covered_day, covered.is_exported, covered.has_weeks_before
    HAVING COUNTIF(summaries.business_date = covered.covered_day) = 0
        AND (covered.is_exported OR (covered.has_weeks_before AND COUNT(summaries.business_date) = 0))
)

SELECT
    business_date,
    orders,
    units,
    customers,
    gross_sales,
    discounts,
    returns,
    net_sales,
    cost_of_goods,
    sales_with_cost,
    tax,
    shipping,
    average_order_value,
    new_customers,
    complete,
    missing_sources
FROM (
    SELECT
        business_date,
        orders,
        units,
        customers,
        gross_sales,
        discounts,
        returns,
        net_sales,
        cost_of_goods,
        sales_with_cost,
        tax,
        shipping,
        average_order_value,
        new_customers,
        complete,
        missing_sources
    FROM {{ table("daily_summary") }}
    WHERE {{ days("business_date") }}
    UNION ALL
    SELECT
        covered_day AS business_date,
        0 AS orders,
        0 AS units,
        0 AS customers,
        0 AS gross_sales,
        0 AS discounts,
        0 AS returns,
        0 AS net_sales,
        NULL AS cost_of_goods,
        NULL AS sales_with_cost,
        0 AS tax,
        0 AS shipping,
        NULL AS average_order_value,
        0 AS new_customers,
        TRUE AS complete,
        CAST([] AS ARRAY<STRING>) AS missing_sources
    FROM closed
) AS known_days
ORDER BY business_date
