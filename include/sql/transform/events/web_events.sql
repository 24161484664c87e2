-- What the extract of the web events left -> staged layout: text as it was sent, the empty text is no value.

-- A read without events left no file; this one has its columns and no row.
COPY (  -- noqa: PRS
    SELECT
        NULL::BIGINT AS line_number,
        NULL::VARCHAR AS event_id,
        NULL::VARCHAR AS occurred_at,
        NULL::VARCHAR AS received_at,
        NULL::VARCHAR AS session_id,
        NULL::VARCHAR AS visitor_id,
        NULL::VARCHAR AS event_type,
        NULL::VARCHAR AS sku,
        NULL::VARCHAR AS order_id,
        NULL::VARCHAR AS device,
        NULL::VARCHAR AS referrer,
        NULL::VARCHAR AS user_agent,
        NULL::VARCHAR AS fault,
        NULL::VARCHAR AS raw
    WHERE FALSE
) TO (getvariable('loadable') || '/no_events.parquet') (FORMAT parquet);

CREATE VIEW staged_events AS
SELECT
    line_number,
    nullif(event_id, '') AS event_id,
    nullif(occurred_at, '') AS occurred_at,
    nullif(received_at, '') AS received_at,
    nullif(session_id, '') AS session_id,
    nullif(visitor_id, '') AS visitor_id,
    nullif(event_type, '') AS event_type,
    nullif(sku, '') AS sku,
    nullif(order_id, '') AS order_id,
    nullif(device, '') AS device,
    nullif(referrer, '') AS referrer,
    nullif(user_agent, '') AS user_agent,
    fault,
    raw
FROM read_parquet(list_append(getvariable('raw_files'), getvariable('loadable') || '/no_events.parquet'));
