{% from "warehouse/macros/unusually_few.sql" import unusually_few with context %}
-- The sources and partners that usually have many orders, and have none or few of a day.
{{ unusually_few(days) }}
ORDER BY business_date, name
