-- The forecast in force on the day and the day's sales: the whole shop first, then channels and categories, of each the
-- largest forecast first. No row where no forecast covers the day.
SELECT
    series,
    made_at,
    model,
    forecast,
    lower_80,
    upper_80,
    lower_95,
    upper_95,
    actual,
    verdict,
    net_forecast,
    net_lower_80,
    net_upper_80,
    net_lower_95,
    net_upper_95,
    net_actual,
    net_verdict
FROM `sales.forecast_comparisons`
WHERE business_date = {{ report_day }}
ORDER BY
    CASE
        WHEN series = 'total' THEN 1
        WHEN STARTS_WITH(series, 'channel:') THEN 2
        ELSE 3
    END,
    COALESCE(forecast, -1) DESC,
    series
