-- The forecast in force on the day for the whole shop, each category and each channel: the latest one with an origin no
-- later than the start of the day. Exports that have ended or were undone have no more sales and are left out.
SELECT
    made_at,
    model,
    series,
    forecast,
    lower_80,
    upper_80,
    lower_95,
    upper_95
FROM {{ table("sales_forecasts") }}
WHERE target_date = {{ day }}
    AND made_at <= @begins_at
    AND (series = 'total' OR STARTS_WITH(series, 'category:') OR STARTS_WITH(series, 'channel:'))
    AND series NOT IN (
        SELECT CONCAT('channel:', source)
        FROM {{ table("load_audit") }}
        WHERE business_date >= {{ first_day }}
            AND status = 'history'
            AND source NOT IN ({{ sources }})
        GROUP BY source
        HAVING DATE(TIMESTAMP_SUB(MAX(window_end), INTERVAL 1 SECOND), {{ shop_timezone }}) < {{ day }}
    )
QUALIFY RANK() OVER (ORDER BY made_at DESC) = 1
ORDER BY series
