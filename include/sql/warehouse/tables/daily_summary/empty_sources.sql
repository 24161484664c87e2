{% from "warehouse/macros/empty_sources.sql" import find_empty_sources with context %}
-- Also of the four weeks after a day: its orders are what they are compared with.
{% macro judged_days(column, before=0) -%}
{{ days(column, before=before, after=28) }}
{%- endmacro %}
{{ find_empty_sources(judged_days) }}
