{% from "warehouse/macros/exports.sql" import exported_sources with context %}
{% from "warehouse/macros/known_days.sql" import known_days with context %}
{#
  An average of amounts, rounded half away from zero to ten-thousandths. The last steps multiply (docs/DECISIONS.md, Amounts
  are divided once), because the result shares columns with stored amounts.
#}
{% macro average_amount(total, number) -%}
CAST(ROUND({{ total }} * 10000 / NULLIF({{ number }}, 0)) AS INT64) * NUMERIC '0.001' * NUMERIC '0.1'
{%- endmacro %}

{# An amount with four decimals, as stored ones have: rates next to a wider type would lose digits. #}
{% macro exact_amount(amount) -%}
CAST(({{ amount }}) * 10000 AS INT64) * NUMERIC '0.001' * NUMERIC '0.1'
{%- endmacro %}

{#
  A rate, rounded half away from zero to six decimals; NULL without a whole. Both are scaled to whole numbers; see
  `average_amount` for the last steps.
#}
{% macro rate(part, whole) -%}
CAST(
        ROUND(CAST({{ part }} * 10000 AS BIGNUMERIC) * 1000000 / NULLIF(CAST({{ whole }} * 10000 AS BIGNUMERIC), 0)) AS INT64
    ) * NUMERIC '0.001' * NUMERIC '0.001'
{%- endmacro %}

{#
  The part of net sales whose cost of goods is known; NULL without any. Returns without a cost make the sales with a cost
  more than all: what they exceed is not covered.
#}
{% macro cost_coverage() -%}
IF(
        net_sales > 0,
        {{ rate("GREATEST(net_sales - ABS(net_sales - sales_with_cost), 0)", "net_sales") }},
        NULL
    )
{%- endmacro %}

{# A day's converted and rounded parts may differ by less than this from its total. #}
{% set ROUNDING = "NUMERIC '0.01'" %}

{# Whether a part of a day's gross sales is all of them. #}
{% macro is_all(part) -%}
ABS(known_days.gross_sales - {{ part }}) < {{ ROUNDING }}
{%- endmacro %}

{#
  Figures that an export may not contain, and the column of gross sales of the sources that have them. An export without
  any return has none in its data, so its returns are unknown, not zero.
#}
{% set LACKING = ["returns", "discounts", "tax", "shipping"] %}

{#
  One row per known day with its headline figures, the days that it is compared with, and which of its figures are known
  (`has_…`): see docs/DEFINITIONS.md, What a day is compared with. Arguments as of `known_days`.

  Tax and shipping of exports are read from daily_summary: daily_sales has neither, and reading all orders of the exports
  would cost far more.
#}
{% macro comparable_days(day=None, first=None) -%}
WITH known_days AS (
    {{ known_days(day, first) | indent(4) }}
),

export_days AS (
    SELECT
        business_date,
        source,
        COALESCE(SUM(gross_sales_reporting), 0) AS gross_sales,
        SUM(COALESCE(SUM(gross_sales_reporting), 0)) OVER (PARTITION BY business_date) AS gross_sales_of_exports,
        LOGICAL_OR(returns <> 0) AS has_returns,
        LOGICAL_OR(discounts <> 0) AS has_discounts
    FROM `sales.daily_sales`
    WHERE business_date >= {{ first_day }}
        AND source IN ({{ exported_sources() }})
    GROUP BY business_date, source
),

-- Whether an export has tax or shipping: on the days when it alone sold; without such a day, when only exports sold.
export_charges AS (
    SELECT
        export_days.source,
        {% for name in ["tax", "shipping"] %}
        COALESCE(
            LOGICAL_OR(IF({{ is_all("export_days.gross_sales") }}, known_days.{{ name }} <> 0, NULL)),
            LOGICAL_OR(IF({{ is_all("export_days.gross_sales_of_exports") }}, known_days.{{ name }} <> 0, NULL)),
            FALSE
        ) AS has_{{ name }}{{ "," if not loop.last }}
        {% endfor %}
    FROM export_days
    INNER JOIN known_days
        ON export_days.business_date = known_days.business_date
    GROUP BY export_days.source
),

exports AS (
    SELECT
        export_days.source,
        LOGICAL_OR(export_days.has_returns) AS has_returns,
        LOGICAL_OR(export_days.has_discounts) AS has_discounts,
        LOGICAL_OR(COALESCE(export_charges.has_tax, FALSE)) AS has_tax,
        LOGICAL_OR(COALESCE(export_charges.has_shipping, FALSE)) AS has_shipping
    FROM export_days
    LEFT JOIN export_charges
        ON export_days.source = export_charges.source
    GROUP BY export_days.source
),

sales_without AS (
    SELECT
        export_days.business_date,
        {% for name in LACKING %}
        SUM(IF(exports.has_{{ name }}, 0, export_days.gross_sales)) AS without_{{ name }}{{ "," if not loop.last }}
        {% endfor %}
    FROM export_days
    INNER JOIN exports
        ON export_days.source = exports.source
    GROUP BY export_days.business_date
),

-- `sales_period` numbers the days with sales: a day without sales lacks what the last day with sales before it lacks.
sales_days AS (
    SELECT
        known_days.*,
        {% for name in LACKING %}
        {{ exact_amount("known_days.gross_sales - COALESCE(sales_without.without_" ~ name ~ ", 0)") }} AS gross_sales_with_{{ name }},
        {% endfor %}
        COUNTIF(known_days.gross_sales <> 0) OVER (ORDER BY known_days.business_date) AS sales_period,
        -- On the first complete day with customers, each of them counts as new.
        MIN(IF(known_days.is_complete AND known_days.customers > 0, known_days.business_date, NULL)) OVER () AS customers_since
    FROM known_days
    LEFT JOIN sales_without
        ON known_days.business_date = sales_without.business_date
)

SELECT
    business_date,
    is_complete,
    missing_sources,
    empty_sources,
    {% for figure in headline_figures %}
    {{ figure }},
    {% endfor %}
    cost_of_goods,
    sales_with_cost,
    {{ cost_coverage() }} AS cost_coverage,
    {{ average_amount(
        "SUM(IF(is_complete, net_sales, NULL)) OVER same_weekdays", "COUNTIF(is_complete) OVER same_weekdays"
    ) }} AS weekday_average,
    COALESCE(
        MAX(IF(is_complete, business_date, NULL)) OVER (
            ORDER BY UNIX_DATE(business_date) RANGE BETWEEN 7 PRECEDING AND 7 PRECEDING
        ),
        MAX(IF(is_complete, business_date, NULL)) OVER (
            ORDER BY UNIX_DATE(business_date) RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING
        )
    ) AS base_date,
    COUNTIF(is_complete) OVER days_before AS averaged_days,
    COUNTIF(is_complete AND orders = 0) OVER days_before AS averaged_days_without_sales,
    {% for name in LACKING %}
    sales_period = 0
    OR LOGICAL_OR(gross_sales <> 0 AND ABS(gross_sales_with_{{ name }}) >= {{ ROUNDING }}) OVER of_period AS has_{{ name }},
    {% endfor %}
    COALESCE(business_date > customers_since, FALSE) AS has_new_customers,
    COALESCE({{ cost_coverage() }} * 100 >= {{ least_cost_coverage }}, FALSE) AS has_costs,
    gross_sales_with_discounts,
    gross_sales_with_returns
FROM sales_days
WINDOW
    days_before AS (ORDER BY UNIX_DATE(business_date) RANGE BETWEEN 28 PRECEDING AND 1 PRECEDING),
    same_weekdays AS (
        PARTITION BY EXTRACT(DAYOFWEEK FROM business_date)
        ORDER BY UNIX_DATE(business_date) RANGE BETWEEN 28 PRECEDING AND 1 PRECEDING
    ),
    of_period AS (PARTITION BY sales_period)
{%- endmacro %}
