{# Expressions on the fields of a record, of which `delivered` (sources/delivered_files.py) knows the places. #}
{% set layout = delivered.layout %}
{% set months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"
] %}
{% macro quoted(value) %}'{{ value | string | replace("'", "''") }}'{% endmacro %}
{% macro cell(name) %}trim("{{ delivered.place_of(name) }}"){% endmacro %}
{% macro is_blank() -%}
{% for place in range(delivered.names | length) %}coalesce(trim("{{ place }}"), '') = '' AND {% endfor %}TRUE
{%- endmacro %}
{% macro plain_records() -%}
(
    SELECT
        {% for place in range(delivered.names | length) %}
        without_formula("{{ place }}") AS "{{ place }}",
        {% endfor %}
        number
    FROM read_parquet('{{ records }}')
) AS plain_records
{%- endmacro %}
{% macro is_one_of(name, kinds) -%}
coalesce(list_contains([{% for kind in kinds %}{{ quoted(kind.split() | join(" ") | lower) }}, {% endfor %}], lower(plain_text("{{ delivered.place_of(name) }}"))), FALSE)
{%- endmacro %}
{% macro month_named(value, format) -%}
{% if layout.month_names -%}
CASE
    {%- for position in range(12) %} WHEN contains(lower({{ value }}), {{ quoted(layout.month_names[position] | lower) }})
    THEN replace(lower({{ value }}), {{ quoted(layout.month_names[position] | lower) }}, '{{ months[position] if "%B" in format else months[position][:3] }}')
    {%- endfor %} ELSE {{ value }}
END
{%- else -%}
{{ value }}
{%- endif %}
{%- endmacro %}
{% macro instant(value, format) -%}
{% set time = "plain_time(" ~ value ~ ")" -%}
{% if "%z" in format | lower -%}
with_whole_year(
    coalesce(
        try_strptime(with_offset({{ time }}), {{ quoted(format | replace("%Z", "%z")) }}),
        CASE WHEN regexp_matches({{ time }}, '[A-Za-z]/[A-Za-z_]+$') THEN try_strptime({{ time }}, {{ quoted(format) }}) END
    )
)
{%- else -%}
(with_whole_year(try_strptime({{ time }}, {{ quoted(format) }})) + days_after({{ value }})) AT TIME ZONE {{ quoted(delivered.timezone) }}
{%- endif %}
{%- endmacro %}
