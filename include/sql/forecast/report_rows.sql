-- The forecasts in force on the days of a report, with the actual sales of ended days: of each day the newest forecast
-- with an origin up to the report's. An origin is never later than its days.
SELECT
    series,
    target_date,
    made_at,
    forecast,
    lower_80,
    upper_80,
    lower_95,
    upper_95,
    actual
FROM {{ table("sales_forecasts") }}
WHERE target_date BETWEEN {{ first }} AND {{ day }}
    AND made_at <= @begins_at
QUALIFY RANK() OVER (PARTITION BY target_date ORDER BY made_at DESC) = 1
ORDER BY target_date, series
