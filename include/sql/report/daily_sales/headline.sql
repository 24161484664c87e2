-- The headline figures of the day and of the days that it is compared with, one row per loaded day. A day without any
-- order of an export has no summary, because no run was for it: between the export's first and last day it has a row of
-- zeros. So it has after its last day, for at most six days, where the weekday had no row in the four weeks before: a
-- shop that is closed on Sundays moves on a Monday. (An export that was undone covers nothing until it is loaded again.)
WITH undone AS (
    SELECT
        source,
        MAX(read_at) AS undone_at
    FROM {{ table("load_audit") }}
    WHERE business_date >= {{ first_day }}
        AND status = 'history'
        AND STARTS_WITH(run_id, 'undo__')
    GROUP BY source
),

exports AS (
    SELECT
        audit.source,
        DATE(MIN(audit.window_start), {{ shop_timezone }}) AS first_exported,
        DATE(TIMESTAMP_SUB(MAX(audit.window_end), INTERVAL 1 SECOND), {{ shop_timezone }}) AS last_exported
    FROM {{ table("load_audit") }} AS audit
    LEFT JOIN undone
        ON audit.source = undone.source
    WHERE audit.business_date >= {{ first_day }}
        AND audit.status = 'history'
        AND audit.source NOT IN ({{ sources }})
        AND NOT STARTS_WITH(audit.run_id, 'undo__')
        AND COALESCE(audit.read_at > undone.undone_at, TRUE)
    GROUP BY audit.source
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
    0 AS tax,
    0 AS shipping,
    NULL AS average_order_value,
    0 AS new_customers,
    TRUE AS complete,
    CAST([] AS ARRAY<STRING>) AS missing_sources
FROM closed
ORDER BY business_date
