{% from "warehouse/macros/unusually_empty.sql" import unusually_empty with context %}
-- The sources and partners without any order of a day that usually have many, by day.
{{ unusually_empty(days) }}
ORDER BY business_date, name
