{% from "warehouse/macros/funnel.sql" import place_of %}
SELECT
    'daily_funnel: one row per key' AS check_name,
    'error' AS severity,
    CONCAT(CAST(business_date AS STRING), ' ', step, ' ', device, ' ', referrer) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.daily_funnel`
WHERE {{ days("business_date") }}
GROUP BY business_date, step, device, referrer
HAVING COUNT(*) > 1

UNION ALL
SELECT
    'daily_funnel: its sessions are those of the table sessions' AS check_name,
    'error' AS severity,
    CAST(business_date AS STRING) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM (
    SELECT
        business_date,
        sessions + bot_sessions AS entries
    FROM `sales.daily_funnel`
    WHERE
        {{ days("business_date") }}
        AND step = 'session'
    UNION ALL
    SELECT
        business_date,
        -1 AS entries
    FROM `sales.sessions`
    WHERE {{ days("business_date") }}
) AS differences
GROUP BY business_date
HAVING SUM(entries) <> 0

UNION ALL
-- A step that the website does not track has no rows: the next step is compared with the last one that has rows.
SELECT
    'daily_funnel: no step has more sessions than the one before' AS check_name,
    'error' AS severity,
    CONCAT(CAST(business_date AS STRING), ' ', step) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM (
    SELECT
        business_date,
        step,
        entries,
        LAG(entries) OVER (PARTITION BY business_date ORDER BY place) AS entries_before
    FROM (
        SELECT
            business_date,
            step,
            IF(step = 'session', 0, {{ place_of("step") }}) AS place,
            SUM(sessions + bot_sessions) AS entries
        FROM `sales.daily_funnel`
        WHERE {{ days("business_date") }}
        GROUP BY business_date, step
    ) AS steps
) AS pairs
WHERE entries > entries_before
