-- The first and the last day of which the warehouse has figures.
SELECT
    MIN(business_date) AS first_day,
    MAX(business_date) AS last_day
FROM {{ table("daily_summary") }}
