-- Net sales of the slices on the days; in the row without a slice those of the whole shop.
{% from "warehouse/macros/slices.sql" import slices_of with context %}
WITH
{% include "warehouse/tables/sales_contributions/divided_sales.jinja" %}
SELECT
    slice,
    SUM(sales.net_sales_reporting) AS net_sales
FROM divided_sales AS sales
CROSS JOIN UNNEST({{ slices_of("sales") }}) AS slice
WHERE slice IS NOT NULL
GROUP BY slice
UNION ALL
SELECT
    NULL AS slice,
    SUM(net_sales) AS net_sales
FROM `sales.daily_summary`
WHERE {{ days("business_date") }}
