DELETE FROM {{ table("daily_events") }} AS stored
WHERE {{ days("stored.business_date") }};

INSERT INTO {{ table("daily_events") }} (business_date, event_type, events, bot_events)
SELECT
    business_date,
    COALESCE(event_type, 'unknown') AS event_type,
    COUNT(*) AS events,
    COUNTIF(is_bot) AS bot_events
FROM {{ table("user_events") }}
WHERE {{ days("business_date") }}
GROUP BY business_date, COALESCE(event_type, 'unknown');
