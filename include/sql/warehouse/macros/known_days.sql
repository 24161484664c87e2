{% from "warehouse/macros/exports.sql" import exports with context %}
{# Headline figures that are computed from columns of daily_summary. #}
{% set COMPUTED = {
    "returning_customers": "customers - new_customers",
} %}
{% set HEADLINE = (restated_figures | list + COMPUTED | list) | unique | list %}
{#
  One row per known day of the whole history: the days of daily_summary, and the days on which the shop was closed while
  an export was the only source. Such a day has no run, so it has no row in daily_summary: it gets a row of zeros. Closed
  are the days without orders between an export's first and last day, and up to six days after the last one if the same
  weekday had no row in the four weeks before: a shop that is closed on Sundays may switch systems on a Monday. Of the
  latter, only days before the newest day of daily_summary are known.

  `incomplete` is a list of dates that are not complete, in addition to those of daily_summary; an empty text for none. With
  `day`, a DATE, all days from `first` (the day itself by default) to the day have a row: one without figures, not
  complete, if the day is not known.
#}
{% macro known_days(incomplete, day=None, first=None) -%}
WITH exports AS (
    {{ exports() }}
),

covered AS (
    SELECT
        covered_day,
        LOGICAL_OR(is_exported) AS is_exported,
        LOGICAL_OR(has_weeks_before) AS has_weeks_before
    FROM (
        SELECT
            export_day AS covered_day,
            export_day <= exports.last_exported AS is_exported,
            DATE_DIFF(export_day, exports.first_exported, DAY) >= 28 AS has_weeks_before
        FROM exports
        CROSS JOIN
            UNNEST(
                GENERATE_DATE_ARRAY(exports.first_exported, DATE_ADD(exports.last_exported, INTERVAL 6 DAY))
            ) AS export_day
        {% if day %}
        UNION ALL
        SELECT
            reported_day AS covered_day,
            FALSE AS is_exported,
            FALSE AS has_weeks_before
        FROM UNNEST(GENERATE_DATE_ARRAY({{ first or day }}, {{ day }})) AS reported_day
        {% endif %}
    ) AS covering
    GROUP BY covered_day
),

without_summary AS (
    SELECT
        covered.covered_day,
        covered.is_exported
        OR (
            covered.has_weeks_before
            AND COUNT(summaries.business_date) = 0
            AND covered.covered_day < (SELECT MAX(newest.business_date) FROM {{ table("daily_summary") }} AS newest)
        ) AS is_closed
    FROM covered
    CROSS JOIN UNNEST([0, 7, 14, 21, 28]) AS age
    LEFT JOIN {{ table("daily_summary") }} AS summaries
        ON DATE_SUB(covered.covered_day, INTERVAL age DAY) = summaries.business_date
    GROUP BY covered.covered_day, covered.is_exported, covered.has_weeks_before
    HAVING COUNTIF(summaries.business_date = covered.covered_day) = 0
)

SELECT
    business_date,
    complete{% if incomplete %} AND business_date NOT IN ({{ incomplete }}){% endif %} AS is_complete,
    missing_sources,
    net_sales,
    orders,
    average_order_value,
    customers,
    gross_sales,
    discounts,
    returns,
    units,
    new_customers,
    {% for figure, expression in COMPUTED.items() %}
    {{ expression }} AS {{ figure }},
    {% endfor %}
    tax,
    shipping,
    cost_of_goods,
    sales_with_cost
FROM (
    SELECT
        business_date,
        complete,
        missing_sources,
        net_sales,
        orders,
        average_order_value,
        customers,
        gross_sales,
        discounts,
        returns,
        units,
        new_customers,
        tax,
        shipping,
        cost_of_goods,
        sales_with_cost
    FROM {{ table("daily_summary") }}
    UNION ALL
    SELECT
        covered_day AS business_date,
        is_closed AS complete,
        CAST([] AS ARRAY<STRING>) AS missing_sources,
        IF(is_closed, 0, NULL) AS net_sales,
        IF(is_closed, 0, NULL) AS orders,
        NULL AS average_order_value,
        IF(is_closed, 0, NULL) AS customers,
        IF(is_closed, 0, NULL) AS gross_sales,
        IF(is_closed, 0, NULL) AS discounts,
        IF(is_closed, 0, NULL) AS returns,
        IF(is_closed, 0, NULL) AS units,
        IF(is_closed, 0, NULL) AS new_customers,
        IF(is_closed, 0, NULL) AS tax,
        IF(is_closed, 0, NULL) AS shipping,
        NULL AS cost_of_goods,
        NULL AS sales_with_cost
    FROM without_summary
    WHERE is_closed{% if day %} OR covered_day BETWEEN {{ first or day }} AND {{ day }}{% endif %}
) AS days
{%- endmacro %}
