{# Rules that the queries of a report of slices share. `slices` has the values of the columns that each of them limits. #}

{#
  The numbers of the slices that a row belongs to, to be unnested; NULL for each of the others, and for those that limit
  further columns than `columns`.
#}
{% macro slices_of(row, columns=["country_code", "source", "channel", "category"]) -%}
[
            {% for limits in slices %}
            {% if limits | reject("in", columns) | list %}
            NULL{{ "," if not loop.last }}
            {% else %}
            IF(
                TRUE
                {% for column, values in limits.items() %}
                AND {{ row }}.{{ column }} IN ({% for value in values %}{{ quoted(value) }}{{ ", " if not loop.last }}{% endfor %})
                {% endfor %},
                {{ loop.index0 }},
                NULL
            ){{ "," if not loop.last }}
            {% endif %}
            {% endfor %}
        ]
{%- endmacro %}

{#
  The slices: `slice`, their number; whether they limit nothing or categories; and `series`, that of the forecasts: of the
  whole shop, of a single channel or of a single category. Others have none.
#}
{% macro all_slices() -%}
UNNEST([
            {% for limits in slices %}
            {% set column = limits | join %}
            {% if not limits %}
            {% set series = "'total'" %}
            {% elif column in ["channel", "category"] and limits[column] | length == 1 %}
            {% set series = quoted(column ~ ":" ~ limits[column][0]) %}
            {% else %}
            {% set series = "CAST(NULL AS STRING)" %}
            {% endif %}
            STRUCT(
                {{ loop.index0 }} AS slice,
                {{ "FALSE" if limits else "TRUE" }} AS is_whole,
                {{ "TRUE" if "category" in limits else "FALSE" }} AS has_category,
                {{ series }} AS series
            ){{ "," if not loop.last }}
            {% endfor %}
        ])
{%- endmacro %}

{# The condition that a slice has several values of a column. #}
{% macro is_divided_by(column) -%}
slice NOT IN (
        {%- for limits in slices if limits.get(column, []) | length == 1 %}{{ slices.index(limits) }}, {% endfor %}-1)
{%- endmacro %}

{# The days of the period and of those it is compared with: `span` is their field of `Compared`. #}
{% macro calendar() -%}
SELECT
        spans.span,
        spans.first_day,
        day
    FROM
        UNNEST([
            STRUCT('value' AS span, {{ first }} AS first_day, {{ report_day }} AS last_day),
            STRUCT('before' AS span, {{ before }} AS first_day, {{ before_last }} AS last_day),
            STRUCT('year_before' AS span, {{ year_before }} AS first_day, {{ year_before_last }} AS last_day)
        ]) AS spans
    CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(spans.first_day, spans.last_day)) AS day
{%- endmacro %}

{#
  Text with the figures of the days, which differs after a load has changed them: queries that have the same text have read
  the same state.
#}
{% macro state_of_days() -%}
SELECT
        STRING_AGG(
            TO_JSON_STRING(
                STRUCT(
                    business_date AS business_date,
                    complete AS complete,
                    orders AS orders,
                    customers AS customers,
                    new_customers AS new_customers,
                    {% for amount in ["units", "gross_sales", "discounts", "returns", "net_sales", "tax", "shipping"] %}
                    CAST({{ amount }} * 10000 AS INT64) AS {{ amount }}{{ "," if not loop.last }}
                    {% endfor %}
                )
            ),
            ' ' ORDER BY business_date
        ) AS state
    FROM `sales.daily_summary`
    WHERE {{ days("business_date") }}
{%- endmacro %}
