{#
  The value of one of the `restated_figures` in a row of daily_summary; figures without a column are calculated.
#}
{% macro figure_value(summary, figure) -%}
{% if figure == "returning_customers" -%}
{{ summary }}.customers - {{ summary }}.new_customers
{%- else -%}
{{ summary }}.{{ figure }}
{%- endif %}
{%- endmacro %}

{# Whether a figure differs enough to be restated. Either value may be NULL, such as the average of no orders. #}
{% macro is_restated(old, new) -%}
{{ old }} IS DISTINCT FROM {{ new }} AND COALESCE(ABS({{ new }} - {{ old }}) > NUMERIC '0.005', TRUE)
{%- endmacro %}
