-- Counts events; other domains count orders.
SELECT
    reading.source,
    arriving.events AS orders,
    NUMERIC '0' AS amount
FROM {{ staged("load_audit") }} AS reading
CROSS JOIN (
    SELECT COUNT(*) AS events
    FROM {{ staged("arriving_events") }}
) AS arriving
