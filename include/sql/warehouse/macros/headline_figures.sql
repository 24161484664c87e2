{# The value of a headline figure in a row that has the columns of daily_summary. #}
{% macro figure_value(row, figure) -%}
{{ (headline_figures[figure].expression or "summary." ~ figure) | replace("summary.", row ~ ".") }}
{%- endmacro %}

{# The description of a headline figure's column: its expression, or that of the column of daily_summary. #}
{% macro figure_description(figure) -%}
{% set expression = headline_figures[figure].expression %}
{% set described = columns("daily_summary") | selectattr("name", "equalto", figure) | first %}
{{ expression | replace("summary.", "") ~ "." if expression else described.description }}
{%- endmacro %}
