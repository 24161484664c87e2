-- The month of the day so far, last month and the month a year before.
SELECT
    span,
    first_day AS first,
    last_day AS last,
    net_sales,
    orders,
    days_without_sales,
    unfinished_days
FROM `sales.month_to_date`
WHERE business_date = {{ report_day }}
ORDER BY first DESC
