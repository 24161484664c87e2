-- Raw files of the web events -> staged layout: text as sent; empty text becomes NULL.

CREATE VIEW staged_events AS
SELECT
    line_number,
    nullif(event_id, '') AS event_id,
    nullif(occurred_at, '') AS occurred_at,
    nullif(received_at, '') AS received_at,
    nullif(session_id, '') AS session_id,
    nullif(visitor_id, '') AS visitor_id,
    nullif(event_type, '') AS event_type,
    as_text(sku) AS sku,
    as_text(order_id) AS order_id,
    nullif(device, '') AS device,
    nullif(referrer, '') AS referrer,
    nullif(user_agent, '') AS user_agent,
    fault,
    raw
FROM read_parquet(getvariable('raw') || '/events-*.parquet');
