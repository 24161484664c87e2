{% from "warehouse/macros/month_to_date.sql" import month_to_date with context %}
-- The month of the day so far, last month and the month a year before.
SELECT
    span,
    first_day,
    last_day,
    net_sales,
    orders,
    days_without_sales,
    unfinished_days
FROM (
{{ month_to_date(day) | indent(4, first=True) }}
) AS months
ORDER BY first_day DESC
