{% from "warehouse/macros/event_days.sql" import event_days with context %}
{% from "warehouse/macros/funnel.sql" import place_of %}
-- The steps of the funnel that sessions of the day reached, with the sessions of the day before and the week before: NULL
-- where the events of that day were not read, 0 where they were read and no session reached the step. One row without a
-- step where the events of the day were not read; no row where those of the 28 days before were not read either.
{% set first = "DATE_SUB(" ~ report_day ~ ", INTERVAL 28 DAY)" %}
{% set day_before = "DATE_SUB(" ~ report_day ~ ", INTERVAL 1 DAY)" %}
{% set week_before = "DATE_SUB(" ~ report_day ~ ", INTERVAL 7 DAY)" %}
WITH reads AS (
    SELECT
        MAX(IF(business_date = {{ report_day }}, business_date, NULL)) AS business_date,
        LOGICAL_OR(business_date = {{ day_before }}) AS has_day_before,
        LOGICAL_OR(business_date = {{ week_before }}) AS has_week_before
    FROM (
        {{ event_days(first, report_day) | indent(4) }}
    ) AS read_days
    HAVING COUNT(*) > 0
),

funnel AS (
    SELECT
        business_date,
        step,
        sessions,
        bot_sessions
    FROM `sales.daily_funnel`
    WHERE business_date IN ({{ report_day }}, {{ day_before }}, {{ week_before }})
    UNION ALL
    -- A day without a session has this step, too.
    SELECT
        {{ report_day }} AS business_date,
        'session' AS step,
        0 AS sessions,
        0 AS bot_sessions
),

steps AS (
    SELECT
        {{ report_day }} AS business_date,
        step,
        SUM(IF(funnel.business_date = {{ report_day }}, funnel.sessions, 0)) AS sessions,
        SUM(IF(funnel.business_date = {{ day_before }}, funnel.sessions, 0)) AS day_before,
        SUM(IF(funnel.business_date = {{ week_before }}, funnel.sessions, 0)) AS week_before,
        SUM(IF(funnel.business_date = {{ report_day }}, funnel.bot_sessions, 0)) AS bot_sessions
    FROM funnel
    GROUP BY step
    HAVING LOGICAL_OR(funnel.business_date = {{ report_day }})
)

SELECT
    steps.step,
    steps.sessions,
    IF(reads.has_day_before, steps.day_before, NULL) AS day_before,
    IF(reads.has_week_before, steps.week_before, NULL) AS week_before,
    -- Every bot session reached the first step.
    MAX(steps.bot_sessions) OVER () AS bot_sessions
FROM reads
LEFT JOIN steps
    ON reads.business_date = steps.business_date
ORDER BY steps.step <> 'session', {{ place_of("steps.step") }}
