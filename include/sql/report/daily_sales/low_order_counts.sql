{% from "warehouse/macros/low_order_counts.sql" import low_order_counts with context %}
-- Sources and partners with no or unusually few orders on a day.
{{ low_order_counts(days) }}
ORDER BY business_date, name
