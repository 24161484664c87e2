-- The forecast with the origin of the report. A series that is not expected to sell is left out, except the total, which is
-- first.
SELECT
    series,
    target_date,
    forecast,
    lower_80,
    upper_80,
    lower_95,
    upper_95
FROM `sales.sales_forecasts`
WHERE target_date BETWEEN {{ first }} AND {{ last }}
    AND made_at = @begins_at
QUALIFY series = 'total' OR MAX(forecast) OVER (PARTITION BY series) > 0
ORDER BY series <> 'total', series, target_date
