{% from "warehouse/macros/funnel.sql" import step_types %}
SELECT
    'daily_events: the counts are those of user_events' AS check_name,
    'error' AS severity,
    CONCAT(CAST(business_date AS STRING), ' ', event_type) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM (
    SELECT
        business_date,
        event_type,
        events
    FROM `sales.daily_events`
    WHERE {{ days("business_date") }}
    UNION ALL
    SELECT
        business_date,
        COALESCE(event_type, 'unknown') AS event_type,
        -1 AS events
    FROM `sales.user_events`
    WHERE {{ days("business_date") }}
) AS differences
GROUP BY business_date, event_type
HAVING SUM(events) <> 0

UNION ALL
SELECT
    'daily_events: the day has events' AS check_name,
    'warn' AS severity,
    CONCAT(CAST({{ business_date }} AS STRING), ', and at least ', CAST(MIN(earlier.entries) AS STRING)) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM (
    SELECT
        business_date,
        SUM(events) AS entries
    FROM `sales.daily_events`
    WHERE
        business_date >= DATE '0001-01-01'
        AND business_date IN (
            DATE_SUB({{ business_date }}, INTERVAL 7 DAY), DATE_SUB({{ business_date }}, INTERVAL 14 DAY),
            DATE_SUB({{ business_date }}, INTERVAL 21 DAY), DATE_SUB({{ business_date }}, INTERVAL 28 DAY)
        )
    GROUP BY business_date
    HAVING SUM(events) >= 100
) AS earlier
CROSS JOIN (
    SELECT COUNT(*) AS types
    FROM `sales.daily_events`
    WHERE business_date = {{ business_date }}
) AS today
WHERE today.types = 0
HAVING COUNT(*) = 4

UNION ALL
SELECT
    'daily_events: every tracked funnel step still has events' AS check_name,
    'warn' AS severity,
    event_type AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.daily_events`
WHERE
    business_date <= {{ business_date }}
    AND business_date >= DATE_SUB({{ business_date }}, INTERVAL 7 DAY)
    AND event_type IN ({{ step_types() }})
GROUP BY event_type
HAVING
    COUNTIF(business_date < {{ business_date }} AND events >= 20) = 7
    AND COUNTIF(business_date = {{ business_date }}) = 0
