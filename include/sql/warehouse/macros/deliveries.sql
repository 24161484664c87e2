{#
  Whether no run has loaded a partner's file of a day, whatever day the run was for.
#}
{% macro is_undelivered(partner, day) -%}
CONCAT({{ partner }}, '_', CAST({{ day }} AS STRING)) NOT IN (
            SELECT REGEXP_REPLACE(delivered.file, r'\.csv(\.gz)?$', '') FROM {{ table("loaded_files") }} AS delivered
        )
{%- endmacro %}
