{% from "warehouse/macros/comparable_days.sql" import average_amount, comparable_days, rate with context %}
{# Each rate, with its part, its whole, and the column that shows whether a day has both. #}
{% set RATES = {
    "discount_rate": ("discounts", "gross_sales_with_discounts", "has_discounts"),
    "return_rate": ("returns", "gross_sales_with_returns", "has_returns"),
    "repeat_share": ("returning_customers", "customers", "has_new_customers"),
    "gross_margin": ("sales_with_cost - cost_of_goods", "sales_with_cost", "has_costs"),
} %}
{# Figures that an export, the first days, or sales without costs may lack. #}
{% set KNOWN_BY = {
    "discounts": "has_discounts",
    "returns": "has_returns",
    "tax": "has_tax",
    "shipping": "has_shipping",
    "new_customers": "has_new_customers",
    "returning_customers": "has_new_customers",
    "gross_sales_with_discounts": "has_discounts",
    "gross_sales_with_returns": "has_returns",
    "cost_of_goods": "has_costs",
    "gross_profit": "has_costs",
} %}
{# Figures of the goods sold, of days with enough costs only: another value would be of a part of the sales. #}
{% set COSTS = {
    "cost_of_goods": "cost_of_goods",
    "gross_profit": "sales_with_cost - cost_of_goods",
} %}
{# What rates are parts of: the gross sales of sources that have the figure. #}
{% set BASES = ["gross_sales_with_discounts", "gross_sales_with_returns"] %}

{# A value of another day: a window of that day alone. #}
{% macro days_before(days) -%}
MAX(IF(is_compared, value, NULL)) OVER (
        PARTITION BY figure
        ORDER BY UNIX_DATE(business_date) RANGE BETWEEN {{ days }} PRECEDING AND {{ days }} PRECEDING
    )
{%- endmacro %}

{#
  One row per known day and figure: its value, that of the days it is compared with, and the average of the 28 days before.
  The figures are the headline figures, the rates, cost of goods and gross profit, and the gross sales of sources that have
  discounts, and returns. A comparison is NULL if the other day is not complete or lacks the figure. The day's own value is
  always given, but a rate that the day lacks is NULL, as are cost of goods and gross profit. Arguments as of `known_days`.

  Numbers of orders and customers become NUMERIC by sharing a CASE with amounts.
#}
{% macro day_comparisons(day=None) -%}
WITH comparable_days AS (
    {{ comparable_days(day) | indent(4) }}
),

entries AS (
    SELECT
        business_date,
        figure,
        figure IN ('{{ RATES | join("', '") }}') AS is_rate,
        CASE figure
            {% for name in headline_figures | list + BASES %}
            WHEN '{{ name }}' THEN {{ name }}
            {% endfor %}
            {% for name, amount in COSTS.items() %}
            WHEN '{{ name }}' THEN IF(has_costs, {{ amount }}, NULL)
            {% endfor %}
            {% for name, (part, whole, known_by) in RATES.items() %}
            WHEN '{{ name }}' THEN {{ part }}
            {% endfor %}
        END AS amount,
        CASE figure
            {% for name, (part, whole, known_by) in RATES.items() %}
            WHEN '{{ name }}' THEN IF({{ known_by }}, {{ whole }}, NULL)
            {% endfor %}
        END AS whole,
        is_complete AND CASE figure
            {% for name, known_by in KNOWN_BY.items() %}
            WHEN '{{ name }}' THEN {{ known_by }}
            {% endfor %}
            {% for name, (part, whole, known_by) in RATES.items() %}
            WHEN '{{ name }}' THEN {{ known_by }}
            {% endfor %}
            ELSE TRUE
        END AS is_compared
    FROM comparable_days
    CROSS JOIN UNNEST([
        {% for name in headline_figures | list + BASES + COSTS | list %}
        '{{ name }}',
        {% endfor %}
        '{{ RATES | join("', '") }}'
    ]) AS figure
),

figures AS (
    SELECT
        *,
        IF(is_rate, {{ rate("amount", "whole") }}, amount) AS value
    FROM entries
)

SELECT
    business_date,
    figure,
    value,
    {{ days_before(1) }} AS day_before,
    {{ days_before(7) }} AS week_before,
    IF(
        is_rate,
        {{ rate("SUM(IF(is_compared, amount, NULL)) OVER recent_days", "SUM(IF(is_compared, whole, NULL)) OVER recent_days") }},
        {{ average_amount("SUM(IF(is_compared, value, NULL)) OVER recent_days",
            "COUNTIF(is_compared AND value IS NOT NULL) OVER recent_days") }}
    ) AS average,
    {{ days_before(364) }} AS year_before,
    COUNTIF(is_compared) OVER recent_days AS averaged_days
FROM figures
WINDOW recent_days AS (
    PARTITION BY figure
    ORDER BY UNIX_DATE(business_date) RANGE BETWEEN 28 PRECEDING AND 1 PRECEDING
)
{%- endmacro %}
