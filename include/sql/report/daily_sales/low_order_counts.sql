{% from "warehouse/macros/low_order_counts.sql" import low_order_counts with context %}
{% from "warehouse/macros/unreturned_orders.sql" import unreturned_orders with context %}
-- Sources and partners with unusually few orders on a day, but some, and sources that no longer return at least a quarter of
-- the orders that are stored of it.
SELECT name
FROM (
{{ low_order_counts(run_day) | indent(4, first=True) }}
) AS low_counts
WHERE NOT is_empty
UNION DISTINCT
SELECT source AS name
FROM (
{{ unreturned_orders(run_day) | indent(4, first=True) }}
) AS returned
WHERE 4 * unreturned > 3 * orders
ORDER BY name
