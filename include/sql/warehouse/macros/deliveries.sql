{# Whether a loaded file counts in the account of a day: by its name, or because a run of the day has loaded it. #}
{% macro is_of_day(loaded, day) -%}
({{ loaded }}.business_date = {{ day }} OR STRPOS({{ loaded }}.file, CONCAT('_', CAST({{ day }} AS STRING), '.csv')) > 0)
{%- endmacro %}
{#
  Whether no run has loaded a partner's file of a day, whatever day the run was for.
#}
{% macro is_undelivered(partner, day) -%}
CONCAT({{ partner }}, '_', CAST({{ day }} AS STRING)) NOT IN (
            SELECT REGEXP_REPLACE(delivered.file, r'\.csv(\.gz)?$', '') FROM {{ table("loaded_files") }} AS delivered
        )
{%- endmacro %}
