{% from "warehouse/macros/exports.sql" import exports with context %}
{% from "warehouse/macros/headline_figures.sql" import figure_description, figure_value with context %}
{# The columns of daily_summary from which the headline figures are calculated; the others are of the day's state. #}
{% set summed = columns("daily_summary") | rejectattr("name", "in", ["business_date", "complete", "missing_sources", "empty_sources"]) | list %}
CREATE VIEW IF NOT EXISTS `sales.known_days` (
    business_date OPTIONS (description = "The shop's calendar day."),
    is_complete OPTIONS (description = "Whether every source was read after the end of the day, and none unusually has no orders."),
    missing_sources OPTIONS (description = "Sources and partners whose data is missing, in alphabetical order."),
    empty_sources OPTIONS (description = "Sources and partners without an order on a day on which they usually have many, in alphabetical order."),
    {% for name in headline_figures %}
    {{ name }} OPTIONS (description = "{{ figure_description(name) }}"),
    {% endfor %}
    cost_of_goods OPTIONS (description = "Cost of the goods sold, less that of returned units; NULL where no line has a cost."),
    sales_with_cost OPTIONS (description = "The part of net_sales whose cost is known; NULL where no line has a cost.")
)
OPTIONS (
    description = "One row per known day of the whole history with its headline figures: the days of daily_summary and, within exports, the days on which the shop was closed."
)
AS
-- Days on which the shop was closed while an export was the only source have no run, so they have no row in daily_summary.
-- Closed are the days without orders between an export's first and last day, and up to six days after the last one if the
-- same weekday had no row in the four weeks before: a shop that is closed on Sundays may switch systems on a Monday. Of the
-- latter, only days before the newest day of daily_summary are known.
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
        {% if report_day %}
        UNION ALL
        -- Of a report, also the days that are not known: they have no figures.
        SELECT
            reported_day AS covered_day,
            FALSE AS is_exported,
            FALSE AS has_weeks_before
        FROM UNNEST(GENERATE_DATE_ARRAY(DATE_SUB({{ report_day }}, INTERVAL 62 DAY), {{ report_day }})) AS reported_day
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
    {% for name in headline_figures %}
    {{ figure_value("summary", name) }} AS {{ name }},
    {% endfor %}
    summary.cost_of_goods,
    summary.sales_with_cost
FROM (
    SELECT
        business_date,
        complete,
        {% for column in summed %}
        {{ column.name }},
        {% endfor %}
        missing_sources,
        empty_sources
    FROM `sales.daily_summary`
    UNION ALL
    SELECT
        covered_day AS business_date,
        is_closed AS complete,
        {% for column in summed %}
        {{ "IF(is_closed, 0, NULL)" if column.required else "NULL" }} AS {{ column.name }},
        {% endfor %}
        CAST([] AS ARRAY<STRING>) AS missing_sources,
        CAST([] AS ARRAY<STRING>) AS empty_sources
    FROM without_summary
    WHERE
        is_closed
        {% if report_day %}
        OR covered_day BETWEEN DATE_SUB({{ report_day }}, INTERVAL 62 DAY) AND {{ report_day }}
        {% endif %}
) AS summary;
