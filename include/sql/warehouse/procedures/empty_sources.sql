{% from "warehouse/macros/empty_sources.sql" import find_empty_sources with context %}
-- Judges all days: those that were loaded before `empty_sources` was a column.
{% macro all_days(column, before=0) -%}
{{ column }} >= DATE '0001-01-01'
{%- endmacro %}
BEGIN TRANSACTION;

{% include "warehouse/loads/lock.sql" %}

{{ find_empty_sources(all_days) }}

COMMIT TRANSACTION;
