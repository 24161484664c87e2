-- The day and the 62 days before it, the earliest first: the trend. Days that are not known have no figures.
SELECT
    business_date,
    is_complete AS complete,
    COALESCE(missing_sources, []) AS missing_sources,
    COALESCE(empty_sources, []) AS empty_sources,
    net_sales,
    gross_sales,
    orders,
    weekday_average AS weekday_mean,
    base_date,
    averaged_days,
    averaged_days_without_sales,
    cost_of_goods,
    sales_with_cost,
    cost_coverage AS coverage
FROM `sales.comparable_days`
WHERE business_date BETWEEN DATE_SUB({{ report_day }}, INTERVAL 62 DAY) AND {{ report_day }}
ORDER BY business_date
