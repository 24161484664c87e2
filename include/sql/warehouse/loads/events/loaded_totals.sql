-- Counts events; other domains count orders.
SELECT
    reading.source,
    arriving.events AS orders,
    NUMERIC '0' AS amount
FROM `sales_staging.load_audit` AS reading
CROSS JOIN (
    SELECT COUNT(*) AS events
    FROM `sales_staging.arriving_events`
) AS arriving
