-- The forecasts of the whole shop that were in force on past days.
SELECT
    target_date,
    forecast,
    lower_80,
    upper_80,
    lower_95,
    upper_95
FROM `sales.forecasts_in_force`
WHERE target_date BETWEEN {{ first }} AND {{ day }}
    AND series = 'total'
