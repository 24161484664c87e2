-- All forecasts of the days of a report, with the actual sales of ended days.
SELECT
    series,
    target_date,
    model,
    made_at,
    forecast,
    lower_80,
    upper_80,
    lower_95,
    upper_95,
    actual
FROM {{ table("sales_forecasts") }}
WHERE target_date BETWEEN {{ first }} AND {{ day }}
