-- The funnel of the day and of the 28 days before, by device.
SELECT
    business_date,
    step,
    device,
    SUM(sessions) AS sessions,
    SUM(bot_sessions) AS bot_sessions
FROM {{ table("daily_funnel") }}
WHERE business_date BETWEEN {{ first }} AND {{ day }}
GROUP BY business_date, step, device
