SELECT
    'sales_forecasts: one row per series, day, model and origin' AS check_name,
    'error' AS severity,
    CONCAT(series, ' ', CAST(target_date AS STRING)) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.sales_forecasts`
WHERE {{ days("target_date") }}
GROUP BY series, target_date, model, made_at
HAVING COUNT(*) > 1

UNION ALL
SELECT
    'sales_forecasts: every forecast lies in its 80 % interval, and that in its 95 % interval' AS check_name,
    'error' AS severity,
    CONCAT(series, ' ', CAST(target_date AS STRING)) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.sales_forecasts`
WHERE
    {{ days("target_date") }}
    AND NOT (lower_95 <= lower_80 AND lower_80 <= forecast AND forecast <= upper_80 AND upper_80 <= upper_95)
