-- Of the whole shop, a single channel or a single category: what the period that follows is forecast at, by the newest forecast
-- at the end of the period, rows of `part` 'next_period'; and the target of the period, rows of `part` 'target', unless one of
-- its months has none.
{% from "warehouse/macros/conversion.sql" import rounded %}
{% from "warehouse/macros/net_forecasts.sql" import net_forecast %}
{% from "warehouse/macros/slices.sql" import all_slices with context %}
WITH slices AS (
    SELECT
        listed.slice,
        listed.is_whole,
        listed.series
    FROM {{ all_slices() }} AS listed
    WHERE listed.series IS NOT NULL
),

forecasts AS (
    SELECT
        series,
        forecast
    FROM `sales.sales_forecasts`
    WHERE target_date BETWEEN {{ next_first }} AND {{ next_last }}
        AND made_at <= TIMESTAMP(DATE_ADD({{ report_day }}, INTERVAL 1 DAY), {{ shop_timezone }})
        AND NOT STARTS_WITH(series, 'sku:')
    QUALIFY RANK() OVER (ORDER BY made_at DESC) = 1
),

next_periods AS (
    SELECT
        slices.slice,
        slices.is_whole,
        COUNT(*) AS days,
        SUM(IF(slices.is_whole, {{ net_forecast("forecasts.forecast", "net_shares") }}, forecasts.forecast)) AS forecast
    FROM slices
    INNER JOIN forecasts
        ON slices.series = forecasts.series
    INNER JOIN `sales.net_shares` AS net_shares
        ON net_shares.business_date = DATE_ADD({{ report_day }}, INTERVAL 1 DAY)
    GROUP BY slices.slice, slices.is_whole
),

-- A day has an equal part of its month's target.
targets AS (
    SELECT
        slices.slice,
        COUNT(targets.net_sales) = COUNT(*) AS is_known,
        {{ rounded(
            "SUM(CAST(targets.net_sales AS BIGNUMERIC) * 10000 / EXTRACT(DAY FROM LAST_DAY(day, MONTH)))"
        ) }} AS target
    FROM slices
    CROSS JOIN UNNEST(GENERATE_DATE_ARRAY({{ first }}, {{ report_day }})) AS day
    LEFT JOIN `sales.sales_targets` AS targets
        ON
            slices.series IN (targets.channel, CONCAT('channel:', targets.channel))
            AND targets.month = CAST(DATE_TRUNC(day, MONTH) AS DATE)
    GROUP BY slices.slice
)

SELECT
    slice,
    'next_period' AS part,
    {{ next_first }} AS first,
    {{ next_last }} AS last,
    IF(is_whole, 'net_sales', 'gross_sales') AS measure,
    forecast,
    days,
    NULL AS target
FROM next_periods
UNION ALL
SELECT
    slice,
    'target' AS part,
    NULL AS first,
    NULL AS last,
    NULL AS measure,
    NULL AS forecast,
    NULL AS days,
    target
FROM targets
WHERE is_known
ORDER BY slice, part
