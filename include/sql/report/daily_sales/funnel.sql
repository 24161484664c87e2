{% from "warehouse/macros/event_days.sql" import event_days with context %}
-- The funnel of the day and of the 28 days before, by device, for days whose events were read. A day without sessions
-- has one row without a step.
WITH read_days AS (
    {{ event_days(first, day) }}
)

SELECT
    read_days.business_date,
    funnel.step,
    funnel.device,
    COALESCE(SUM(funnel.sessions), 0) AS sessions,
    COALESCE(SUM(funnel.bot_sessions), 0) AS bot_sessions
FROM read_days
LEFT JOIN (
    SELECT
        business_date,
        step,
        device,
        sessions,
        bot_sessions
    FROM {{ table("daily_funnel") }}
    WHERE business_date BETWEEN {{ first }} AND {{ day }}
) AS funnel
    ON read_days.business_date = funnel.business_date
GROUP BY read_days.business_date, funnel.step, funnel.device
