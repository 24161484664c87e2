{#
  The slices of a report, and the three spans of days that it is about: the period, the period before and that of the year
  before. A span is named by its first day: `first`, `before` or `year_before`.
#}

{# The numbers of the slices that a row belongs to, to be unnested; NULL for each of the others. #}
{% macro slices_of(row) -%}
[
            {% for limits in slices %}
            IF(
                TRUE
                {% for column, values in limits.items() %}
                AND {{ row }}.{{ column }} IN ({% for value in values %}{{ quoted(value) }}{{ ", " if not loop.last }}{% endfor %})
                {% endfor %},
                {{ loop.index0 }},
                NULL
            ){{ "," if not loop.last }}
            {% endfor %}
        ]
{%- endmacro %}

{# The span of a day. #}
{% macro span_of(day) -%}
CASE WHEN {{ day }} >= {{ first }} THEN {{ first }} WHEN {{ day }} >= {{ before }} THEN {{ before }} ELSE {{ year_before }} END
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
