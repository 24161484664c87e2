{# Like the load, the checks also read the events of neighbouring days: sessions may span midnight. #}
SELECT
    'sessions: one row per session' AS check_name,
    'error' AS severity,
    session_key AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.sessions`
WHERE {{ days("business_date") }}
GROUP BY session_key
HAVING COUNT(*) > 1

UNION ALL
SELECT
    'sessions: each is stored under the shop day it began' AS check_name,
    'error' AS severity,
    session_key AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.sessions`
WHERE
    {{ days("business_date") }}
    AND business_date <> DATE(started_at, {{ shop_timezone }})

UNION ALL
SELECT
    'sessions: event counts match user_events' AS check_name,
    'error' AS severity,
    counted.session_key AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM (
    SELECT
        sessions.session_key,
        sessions.events,
        COUNT(events.event_id) AS entries
    FROM `sales.sessions` AS sessions
    LEFT JOIN (
        SELECT
            event_id,
            visitor_hash,
            occurred_at
        FROM `sales.user_events`
        WHERE {{ days("business_date", after=6) }}
    ) AS events
        ON
            sessions.visitor_hash = events.visitor_hash
            AND sessions.started_at <= events.occurred_at
            AND sessions.ended_at >= events.occurred_at
    WHERE {{ days("sessions.business_date") }}
    GROUP BY sessions.session_key, sessions.events
) AS counted
WHERE counted.events <> counted.entries

UNION ALL
-- A visitor without pauses has one session, which covers the first seven days.
SELECT
    'sessions: every event of a visitor is in a session' AS check_name,
    'warn' AS severity,
    events.event_id AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.user_events` AS events
LEFT JOIN (
    SELECT
        visitor_hash,
        started_at,
        ended_at
    FROM `sales.sessions`
    WHERE {{ days("business_date", before=6) }}
) AS sessions
    ON
        events.visitor_hash = sessions.visitor_hash
        AND events.occurred_at >= sessions.started_at
        AND events.occurred_at <= sessions.ended_at
WHERE
    {{ days("events.business_date") }}
    AND events.visitor_hash IS NOT NULL
    AND sessions.visitor_hash IS NULL

UNION ALL
SELECT
    'sessions: most are of humans' AS check_name,
    'warn' AS severity,
    CAST(business_date AS STRING) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.sessions`
WHERE business_date = {{ business_date }}
GROUP BY business_date
HAVING COUNTIF(is_bot) * 2 > COUNT(*)
