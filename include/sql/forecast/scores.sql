{% from "warehouse/macros/amounts.sql" import rate %}
-- The accuracy of the forecasts in force on complete days: of the total, then of categories, channels and products, each
-- pooled. Products sell too rarely to be scored by day: their periods are whole weeks, without intervals. Closed days
-- (forecast 0) count for no interval. A kind without periods has zeros; ratios without sales are NULL.
WITH days AS (
    SELECT
        REGEXP_EXTRACT(forecasts.series, '^[^:]+') AS kind,
        forecasts.series,
        forecasts.target_date,
        forecasts.forecast,
        forecasts.actual,
        forecasts.upper_95 > 0 AS is_open,
        forecasts.actual BETWEEN forecasts.lower_80 AND forecasts.upper_80 AS is_within_80,
        forecasts.actual BETWEEN forecasts.lower_95 AND forecasts.upper_95 AS is_within_95
    FROM `sales.forecasts_in_force` AS forecasts
    INNER JOIN `sales.daily_summary` AS summary
        ON forecasts.target_date = summary.business_date
    WHERE forecasts.target_date BETWEEN {{ first }} AND {{ day }}
        AND summary.business_date BETWEEN {{ first }} AND {{ day }}
        AND summary.complete
        AND forecasts.actual IS NOT NULL
),

periods AS (
    SELECT
        kind,
        series,
        forecast,
        actual,
        IF(is_open, is_within_80, NULL) AS is_within_80,
        IF(is_open, is_within_95, NULL) AS is_within_95
    FROM days
    WHERE kind <> 'sku'
    UNION ALL
    SELECT
        kind,
        series,
        SUM(forecast) AS forecast,
        SUM(actual) AS actual,
        CAST(NULL AS BOOL) AS is_within_80,
        CAST(NULL AS BOOL) AS is_within_95
    FROM days
    WHERE kind = 'sku'
    GROUP BY
        kind,
        series,
        DATE_TRUNC(target_date, WEEK(MONDAY)) -- noqa: LT01
    HAVING COUNT(*) = 7
),

sums AS (
    SELECT
        kind,
        COUNT(DISTINCT series) AS series,
        COUNT(*) AS periods,
        SUM(forecast) AS forecast,
        SUM(actual) AS actual,
        GREATEST(SUM(actual), 0) AS sales,
        SUM(ABS(forecast - actual)) AS missed,
        COUNT(is_within_80) AS open_days,
        COUNTIF(is_within_80) AS within_80,
        COUNTIF(is_within_95) AS within_95
    FROM periods
    GROUP BY kind
)

SELECT
    name AS `of`,
    COALESCE(sums.series, 0) AS series,
    COALESCE(sums.periods, 0) AS periods,
    COALESCE(sums.forecast, 0) AS forecast,
    COALESCE(sums.actual, 0) AS actual,
    {{ rate("sums.missed", "sums.sales") }} AS error,
    {{ rate("(sums.forecast - sums.actual)", "sums.sales") }} AS bias,
    {{ rate("sums.within_80", "sums.open_days") }} AS covered_80,
    {{ rate("sums.within_95", "sums.open_days") }} AS covered_95
FROM UNNEST(['total', 'category', 'channel', 'sku']) AS name WITH OFFSET AS place
LEFT JOIN sums
    ON name = sums.kind
ORDER BY place
