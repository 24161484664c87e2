-- Loadable: one row per event. Visitors are identified by a keyed hash only.

SELECT
    typed_events.business_date,
    typed_events.event_id,
    typed_events.occurred_at,
    typed_events.received_at,
    typed_events.event_type,
    visitor_hashes.visitor_hash,
    typed_events.sku,
    typed_events.order_id,
    typed_events.device,
    typed_events.referrer_host,
    user_agents.browser_family,
    coalesce(user_agents.is_bot, FALSE) AS is_bot,
    typed_events.occurred_at > typed_events.received_at AS is_skewed,
    getvariable('read_at') AS read_at,
    getvariable('run_id') AS run_id
FROM typed_events
LEFT JOIN user_agents USING (user_agent)
LEFT JOIN visitor_hashes USING (visitor)
ANTI JOIN superseded_events USING (line_number)
WHERE typed_events.fault IS NULL;
