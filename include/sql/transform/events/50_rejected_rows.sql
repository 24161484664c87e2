-- Loadable: every rejected event with its reason. Ids of visitors and sessions, user agents and referrers are not
-- stored, and e-mail addresses are masked. A line that is not an event may contain personal data anywhere, so its
-- letters and digits are replaced with x.

WITH faulty AS (
    SELECT
        line_number,
        split_part(fault, ' ', 1) AS reason,
        split_part(fault, ' ', 2) AS place
    FROM typed_events
    WHERE fault IS NOT NULL AND getvariable('rejected_events') > 0
),

rejected AS (
    SELECT
        staged_events.line_number,
        faulty.reason,
        faulty.place,
        CASE faulty.place
            WHEN 'occurred_at' THEN staged_events.occurred_at
            WHEN 'received_at' THEN staged_events.received_at
        END AS value,
        staged_events.order_id,
        CASE
            WHEN staged_events.fault IS NOT NULL
                THEN to_json({ 'shape': regexp_replace(left(staged_events.raw, 200), '[\p{L}\p{N}]', 'x', 'g') })
            ELSE to_json({
                'event_id': left(staged_events.event_id, 200),
                'occurred_at': left(staged_events.occurred_at, 100),
                'received_at': left(staged_events.received_at, 100),
                'event_type': left(staged_events.event_type, 200),
                'sku': left(staged_events.sku, 200),
                'order_id': left(staged_events.order_id, 200),
                'device': left(staged_events.device, 200)
            })
        END::VARCHAR AS raw
    FROM staged_events
    INNER JOIN faulty USING (line_number)
)

SELECT
    getvariable('business_date') AS business_date,
    getvariable('source') AS source,
    getvariable('run_id') AS run_id,
    line_number AS row_number,
    reason,
    place || CASE
        WHEN reason LIKE 'missing%' THEN ' is empty'
        ELSE coalesce(' = ' || mask_e_mails(left(value, 100)), '')
    END AS detail,
    NULL::VARCHAR AS file,
    mask_e_mails(raw) AS raw,
    left(safe_id(order_id), 200) AS order_id
FROM rejected;
