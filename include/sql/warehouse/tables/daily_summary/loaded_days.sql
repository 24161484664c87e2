-- First and last day with figures in the warehouse.
SELECT
    MIN(business_date) AS first_day,
    MAX(business_date) AS last_day
FROM `sales.daily_summary`
