{% from "warehouse/macros/exports.sql" import exports with context %}
{# The columns of daily_summary from which the headline figures are calculated; the others are of the day's state. #}
{% set FIGURES = columns("daily_summary") | rejectattr("name", "in", ["business_date", "complete", "missing_sources", "empty_sources"]) | list %}

{#
  One row per known day of the whole history: the days of daily_summary, and the days on which the shop was closed while
  an export was the only source. Such a day has no run, so it has no row in daily_summary: it gets a row of zeros. Closed
  are the days without orders between an export's first and last day, and up to six days after the last one if the same
  weekday had no row in the four weeks before: a shop that is closed on Sundays may switch systems on a Monday. Of the
  latter, only days before the newest day of daily_summary are known.

  With `day`, a DATE, all days from `first` (the day itself by default) to the day have a row: one without figures, not
  complete, if the day is not known.
#}
{% macro known_days(day=None, first=None) -%}
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
            AND covered.covered_day < (SELECT MAX(newest.business_date) FROM `sales.daily_summary` AS newest)
        ) AS is_closed
    FROM covered
    CROSS JOIN UNNEST([0, 7, 14, 21, 28]) AS age
    LEFT JOIN `sales.daily_summary` AS summaries
        ON DATE_SUB(covered.covered_day, INTERVAL age DAY) = summaries.business_date
    GROUP BY covered.covered_day, covered.is_exported, covered.has_weeks_before
    HAVING COUNTIF(summaries.business_date = covered.covered_day) = 0
)

SELECT
    summary.business_date,
    summary.complete AS is_complete,
    summary.missing_sources,
    summary.empty_sources,
    {% for figure, expression in headline_figures.items() %}
    {{ expression }} AS {{ figure }},
    {% endfor %}
    summary.cost_of_goods,
    summary.sales_with_cost
FROM (
    SELECT
        business_date,
        complete,
        {% for column in FIGURES %}
        {{ column.name }},
        {% endfor %}
        missing_sources,
        empty_sources
    FROM `sales.daily_summary`
    UNION ALL
    SELECT
        covered_day AS business_date,
        is_closed AS complete,
        {% for column in FIGURES %}
        {{ "IF(is_closed, 0, NULL)" if column.required else "NULL" }} AS {{ column.name }},
        {% endfor %}
        CAST([] AS ARRAY<STRING>) AS missing_sources,
        CAST([] AS ARRAY<STRING>) AS empty_sources
    FROM without_summary
    WHERE is_closed{% if day %} OR covered_day BETWEEN {{ first or day }} AND {{ day }}{% endif %}
) AS summary
{%- endmacro %}
