-- The part of the newest complete day's net sales whose cost of goods is known; NULL without any.
{% from "warehouse/macros/amounts.sql" import coverage %}
SELECT
    business_date,
    {{ coverage("net_sales", "sales_with_cost") }} AS coverage
FROM `sales.daily_summary`
WHERE
    business_date >= DATE '0001-01-01'
    AND complete
ORDER BY business_date DESC
LIMIT 1;
