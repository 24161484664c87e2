-- The sessions that reached each step of the website's funnel in the period and in the one before, NULL where the events of one
-- of its days were not read; no row where those of a day of the period were not. A step that no session of the period reached
-- has no row.
{% from "warehouse/macros/event_days.sql" import event_days with context %}
{% from "warehouse/macros/funnel.sql" import place_of %}
WITH reads AS (
    SELECT
        COUNTIF(business_date >= {{ first }}) > DATE_DIFF({{ report_day }}, {{ first }}, DAY) AS has_period,
        COUNTIF(business_date <= {{ before_last }}) > DATE_DIFF({{ before_last }}, {{ before }}, DAY) AS has_before
    FROM (
        {{ event_days(before, report_day) | indent(4) }}
    ) AS read_days
),

steps AS (
    SELECT
        step,
        SUM(IF(business_date >= {{ first }}, sessions, 0)) AS sessions,
        SUM(IF(business_date <= {{ before_last }}, sessions, 0)) AS before
    FROM `sales.daily_funnel`
    WHERE business_date BETWEEN {{ before }} AND {{ report_day }}
    GROUP BY step
)

SELECT
    {{ slices.index({}) }} AS slice,
    'funnel' AS part,
    steps.step,
    steps.sessions,
    IF(reads.has_before, steps.before, NULL) AS before
FROM steps
CROSS JOIN reads
WHERE steps.sessions > 0
    AND reads.has_period
ORDER BY steps.step <> 'session', {{ place_of("steps.step") }}
