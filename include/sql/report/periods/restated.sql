-- The days of the period whose net sales differ from those of their last mailed report.
{% from "warehouse/macros/restatement.sql" import is_restated %}
{% set day = report_day %}
WITH figures AS (
{% include "report/day_status/mailed_figures.sql" %}
)

SELECT
    {{ slices.index({}) }} AS slice,
    'restated' AS part,
    figures.business_date AS day,
    figures.mailed_value AS mailed,
    summary.net_sales AS `now`
FROM figures
INNER JOIN `sales.daily_summary` AS summary
    ON figures.business_date = summary.business_date
WHERE figures.figure = 'net_sales'
    AND {{ is_restated("figures.mailed_value", "summary.net_sales") }}
ORDER BY day
