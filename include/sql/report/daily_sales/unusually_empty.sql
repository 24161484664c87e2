{% from "warehouse/macros/unusually_empty.sql" import unusually_empty with context %}
-- The sources without any order of the day that usually have many.
{{ unusually_empty(day) }}
ORDER BY source
