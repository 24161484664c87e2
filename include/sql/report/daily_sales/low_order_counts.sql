{% from "warehouse/macros/low_order_counts.sql" import low_order_counts with context %}
-- The sources and partners that usually have many orders, and have none or few of a day.
{{ low_order_counts(days) }}
ORDER BY business_date, name
