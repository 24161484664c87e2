{% from "warehouse/macros/lock.sql" import lock_token with context %}
{% from "warehouse/macros/forgotten.sql" import days_of_forgotten with context %}
-- Staged rows, to compare with the manifest. Keys must be unique.
SELECT
    'user_events' AS name,
    reading.source,
    COUNT(*) AS entries,
    COUNT(DISTINCT staged.event_id) AS different_keys,
    CAST(NULL AS NUMERIC) AS amount,
    CAST(NULL AS STRING) AS token,
    CAST(NULL AS DATE) AS business_date
FROM `sales_staging.user_events` AS staged
CROSS JOIN `sales_staging.load_audit` AS reading
GROUP BY reading.source
UNION ALL
SELECT
    lock.*,
    NULL AS business_date
FROM (
{{ lock_token() | indent(4, first=True) }}
) AS lock
UNION ALL
SELECT DISTINCT
    days.name,
    CAST(NULL AS STRING) AS source,
    0 AS entries,
    0 AS different_keys,
    CAST(NULL AS NUMERIC) AS amount,
    CAST(NULL AS STRING) AS token,
    days.business_date
FROM (
    {{ days_of_forgotten(["user_events", "rejected_rows"]) | indent(4) }}
) AS days;
