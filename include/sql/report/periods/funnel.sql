-- The sessions that reached each step of the website's funnel in the period and in the one before, and how many of their days
-- have read events. A step that no session of the period reached has no row.
{% from "warehouse/macros/event_days.sql" import event_days with context %}
{% from "warehouse/macros/funnel.sql" import place_of %}
WITH reads AS (
    SELECT
        COUNTIF(business_date >= {{ first }}) AS days,
        COUNTIF(business_date < {{ first }}) AS days_before
    FROM (
        {{ event_days(before, report_day) | indent(4) }}
    ) AS read_days
),

steps AS (
    SELECT
        step,
        SUM(IF(business_date >= {{ first }}, sessions, 0)) AS sessions,
        SUM(IF(business_date < {{ first }}, sessions, 0)) AS before
    FROM `sales.daily_funnel`
    WHERE business_date BETWEEN {{ before }} AND {{ report_day }}
    GROUP BY step
)

SELECT
    steps.step,
    steps.sessions,
    steps.before,
    reads.days,
    reads.days_before
FROM steps
CROSS JOIN reads
WHERE steps.sessions > 0
ORDER BY steps.step <> 'session', {{ place_of("steps.step") }}
