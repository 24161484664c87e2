{#
  A restated figure (`restated_figures`) of a row of daily_summary; those that are no column of it follow from the columns.
#}
{% macro figure_value(summary, figure) -%}
{% if figure == "returning_customers" -%}
{{ summary }}.customers - {{ summary }}.new_customers
{%- else -%}
{{ summary }}.{{ figure }}
{%- endif %}
{%- endmacro %}

{# Whether a figure differs enough to be restated; one of the two may be NULL, such as an average of no order. #}
{% macro is_restated(old, new) -%}
{{ old }} IS DISTINCT FROM {{ new }} AND COALESCE(ABS({{ new }} - {{ old }}) > NUMERIC '0.005', TRUE)
{%- endmacro %}
