-- Loadable: one row per event. Visitors are identified by a keyed hash only.

SELECT
    typed_events.business_date,
    typed_events.event_id,
    typed_events.occurred_at,
    typed_events.received_at,
    as_code(typed_events.event_type) AS event_type,
    typed_events.visitor_hash,
    shortened(safe_id(typed_events.sku), 200) AS sku,
    shortened(safe_id(typed_events.order_id), 200) AS order_id,
    as_code(typed_events.device) AS device,
    host_of(typed_events.referrer) AS referrer_host,
    user_agents.browser_family,
    coalesce(user_agents.is_bot, FALSE) AS is_bot,
    typed_events.occurred_at > typed_events.received_at AS is_skewed,
    getvariable('read_at') AS read_at,
    getvariable('run_id') AS run_id
FROM typed_events
LEFT JOIN user_agents USING (user_agent)
ANTI JOIN superseded_events USING (line_number)
WHERE typed_events.fault IS NULL;
