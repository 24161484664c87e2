{% from "warehouse/macros/empty_sources.sql" import find_empty_sources with context %}
-- Also of the four weeks after a day: its orders are what they are compared with. Days between near ones are judged again, too,
-- with the same result: one range of days is a shorter statement.
{% macro judged_days(column, before=0) -%}
{{ days(column, before=before, after=28, span=120) }}
{%- endmacro %}
{{ find_empty_sources(judged_days) }}
