{% from "warehouse/macros/comparable_days.sql" import comparable_days with context %}
-- The day and the 62 days before it, the earliest first: the trend. Days that are not known have no figures.
{% set first = "DATE_SUB(" ~ day ~ ", INTERVAL 62 DAY)" %}
SELECT
    business_date,
    is_complete,
    missing_sources,
    empty_sources,
    net_sales,
    gross_sales,
    orders,
    weekday_average,
    base_date,
    averaged_days,
    averaged_days_without_sales,
    cost_of_goods,
    sales_with_cost,
    cost_coverage AS coverage
FROM (
{{ comparable_days(day, first) | indent(4, first=True) }}
) AS comparable
WHERE business_date BETWEEN {{ first }} AND {{ day }}
ORDER BY business_date
