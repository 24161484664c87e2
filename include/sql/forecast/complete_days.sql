-- The days whose sales are all there: only these can be compared with what was forecast.
SELECT business_date
FROM {{ table("daily_summary") }}
WHERE business_date BETWEEN {{ first }} AND {{ day }}
    AND complete
