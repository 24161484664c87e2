{% from "warehouse/macros/lock.sql" import lock_token with context %}
-- Staged rows, to compare with the manifest. Keys must be unique.
SELECT
    'user_events' AS name,
    reading.source,
    COUNT(*) AS entries,
    COUNT(DISTINCT staged.event_id) AS different_keys,
    CAST(NULL AS NUMERIC) AS amount
FROM {{ staged("user_events") }} AS staged
CROSS JOIN {{ staged("load_audit") }} AS reading
GROUP BY reading.source
UNION ALL
{{ lock_token() }};
