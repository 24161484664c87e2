-- Net sales of each slice on the days; of the whole shop, the sum of its daily reports.
{% from "warehouse/macros/slices.sql" import all_slices, slices_of with context %}
WITH
{% include "warehouse/tables/sales_contributions/divided_sales.jinja" %}
,

sums AS (
    SELECT
        slice,
        SUM(sales.net_sales_reporting) AS net_sales
    FROM divided_sales AS sales
    CROSS JOIN UNNEST({{ slices_of("sales") }}) AS slice
    WHERE slice IS NOT NULL
    GROUP BY slice
),

summaries AS (
    SELECT SUM(net_sales) AS net_sales
    FROM `sales.daily_summary`
    WHERE {{ days("business_date") }}
)

SELECT
    slices.slice,
    COALESCE(IF(slices.is_whole, summaries.net_sales, sums.net_sales), 0) AS net_sales
FROM {{ all_slices() }} AS slices
CROSS JOIN summaries
LEFT JOIN sums
    ON slices.slice = sums.slice
ORDER BY slices.slice
