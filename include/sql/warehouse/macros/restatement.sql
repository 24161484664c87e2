{# Whether a figure differs enough to be restated. Either value may be NULL, such as the average of no orders. #}
{% macro is_restated(old, new) -%}
{{ old }} IS DISTINCT FROM {{ new }} AND COALESCE(ABS({{ new }} - {{ old }}) > NUMERIC '0.005', TRUE)
{%- endmacro %}
