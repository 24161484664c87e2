-- What the load jobs brought, to compare with what the manifest promises; keys must be unique.
SELECT
    'user_events' AS name,
    reading.source,
    COUNT(*) AS entries,
    COUNT(DISTINCT staged.event_id) AS different_keys,
    CAST(NULL AS NUMERIC) AS amount
FROM {{ staged("user_events") }} AS staged
CROSS JOIN {{ staged("load_audit") }} AS reading
GROUP BY reading.source;
