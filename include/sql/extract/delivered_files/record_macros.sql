{# Expressions on the fields of a record, of which `delivered` (sources/delivered_files.py) knows the places. #}
{% set layout = delivered.layout %}
{% set months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"
] %}
{% macro quoted(value) %}'{{ value | string | replace("'", "''") }}'{% endmacro %}
{% macro cell(name) %}trim("{{ delivered.place_of[name] }}"){% endmacro %}
{% macro is_blank() -%}
{% for place in range(delivered.names | length) %}coalesce(trim("{{ place }}"), '') = '' AND {% endfor %}TRUE
{%- endmacro %}
{% macro plain_records() -%}
(
    SELECT
        {% for place in range(delivered.names | length) %}
        shown_cell("{{ place }}") AS "{{ place }}",
        {% endfor %}
        row_number AS number
    FROM read_parquet('{{ records }}')
) AS plain_records
{%- endmacro %}
{% macro is_one_of(name, kinds) -%}
coalesce(list_contains([{% for kind in kinds %}{{ quoted(kind.split() | join(" ") | lower) }}, {% endfor %}], lower(plain_text("{{ delivered.place_of[name] }}"))), FALSE)
{%- endmacro %}
{% macro is_named(place) -%}
contains("{{ place }}", {{ quoted(delivered.names[place].split() | first) }}) AND plain_text(clean_id("{{ place }}")) = {{ quoted(delivered.names[place]) }}
{%- endmacro %}
{# A condition of CASE is evaluated up to the first column that decides it. #}
{% macro is_header() -%}
CASE WHEN {% for places in delivered.places.values() %}{{ is_named(places[0]) }} AND {% endfor %}TRUE THEN TRUE ELSE FALSE END
{%- endmacro %}
{# Of names of which one begins with another, červen and červenec, the longer one has to be tried first. #}
{% macro month_named(value, format) -%}
{% if layout.month_names -%}
{% set names = layout.month_names | map("lower") | list -%}
list_transform(
    [regexp_extract({{ value }}, {{ quoted("(?i)\\Q" ~ (names | sort(reverse=true) | join("\\E|\\Q")) ~ "\\E") }})],
    LAMBDA found: CASE lower(found)
        {%- for name in names %}
        WHEN {{ quoted(name) }} THEN replace({{ value }}, found, '{{ months[loop.index0] if "%B" in format else months[loop.index0][:3] }}')
        {%- endfor %}
        ELSE {{ value }}
    END
)[1]
{%- else -%}
{{ value }}
{%- endif %}
{%- endmacro %}
{% macro instant(value, format) -%}
{% set time = "plain_time(" ~ value ~ ")" -%}
{% if "%z" in format | lower -%}
coalesce(
    with_whole_year(try_strptime(with_offset({{ time }}), {{ quoted(format | replace("%Z", "%z")) }})) + days_after({{ value }}),
    CASE
        WHEN named_zone({{ time }}) <> ''
            -- A day of a zone may have 23 or 25 hours.
            THEN
                (with_whole_year(try_strptime({{ time }}, {{ quoted(format) }})) AT TIME ZONE named_zone({{ time }}) + days_after({{ value }}))
                AT TIME ZONE named_zone({{ time }})
    END
)
{%- else -%}
(with_whole_year(try_strptime({{ time }}, {{ quoted(format) }})) + days_after({{ value }})) AT TIME ZONE {{ quoted(delivered.timezone) }}
{%- endif %}
{%- endmacro %}
