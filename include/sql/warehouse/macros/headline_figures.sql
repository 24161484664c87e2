{% from "warehouse/macros/amounts.sql" import exact_amount %}
{# The value of a headline figure in a row that has the columns of daily_summary. #}
{% macro figure_value(row, figure) -%}
{% set meaning = headline_figures[figure] %}
{% set value = (meaning.expression or "summary." ~ figure) | replace("summary.", row ~ ".") %}
{{ exact_amount(value) if meaning.expression and meaning.per_order else value }}
{%- endmacro %}

{# The names of the headline figures that do not exist without orders. #}
{% macro figures_per_order() -%}
{% for name, meaning in headline_figures.items() if meaning.per_order %}
'{{ name }}'{{ ", " if not loop.last }}
{%- endfor %}
{%- endmacro %}

{# The description of a headline figure's column: its expression, or that of the column of daily_summary. #}
{% macro figure_description(figure) -%}
{% set expression = headline_figures[figure].expression %}
{% set described = columns("daily_summary") | selectattr("name", "equalto", figure) | first %}
{{ expression | replace("summary.", "") ~ "." if expression else described.description }}
{%- endmacro %}
