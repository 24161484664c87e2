{# Whether a loaded file belongs to the load totals of a day: it is named for the day, or a run of the day loaded it. #}
{% macro is_of_day(loaded, day) -%}
({{ loaded }}.business_date = {{ day }} OR STRPOS({{ loaded }}.file, CONCAT('_', CAST({{ day }} AS STRING), '.csv')) > 0)
{%- endmacro %}
{# Whether no run of any day has loaded a partner's file for a day. #}
{% macro is_undelivered(partner, day) -%}
CONCAT({{ partner }}, '_', CAST({{ day }} AS STRING)) NOT IN (
            SELECT REGEXP_REPLACE(delivered.file, r'\.csv(\.gz)?$', '') FROM `sales.loaded_files` AS delivered
        )
{%- endmacro %}
