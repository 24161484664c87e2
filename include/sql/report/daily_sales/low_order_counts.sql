{% from "warehouse/macros/low_order_counts.sql" import low_order_counts with context %}
{% from "warehouse/macros/unreturned_orders.sql" import unreturned_orders with context %}
-- Sources and partners with no or unusually few orders on a day, and sources that no longer return at least three quarters
-- of the orders that are stored of it.
SELECT
    business_date,
    source,
    name,
    is_empty
FROM (
{{ low_order_counts(days) | indent(4, first=True) }}
) AS low_counts
UNION ALL
SELECT
    business_date,
    source,
    source AS name,
    FALSE AS is_empty
FROM (
{{ unreturned_orders(days) | indent(4, first=True) }}
) AS returned
WHERE 4 * unreturned > 3 * orders
ORDER BY business_date, name
