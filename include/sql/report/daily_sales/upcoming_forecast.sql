-- The newest forecast of the whole shop at the end of the day, for the following days and the week of an event in them.
SELECT
    target_date AS day,
    made_at,
    model,
    forecast,
    lower_80,
    upper_80
FROM {{ table("sales_forecasts") }}
WHERE target_date BETWEEN {{ first }} AND {{ last }}
    AND made_at <= @ends_at
    AND series = 'total'
QUALIFY RANK() OVER (ORDER BY made_at DESC) = 1
ORDER BY target_date
