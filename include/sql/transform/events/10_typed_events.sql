-- Casts text to instants. `fault` names the reason why an event is invalid.

-- The referring host in lower case: the host of a URL without user, port and path, the name of an app, a bare host or a
-- single word. Anything else, such as an e-mail address or a sentence, becomes NULL.
CREATE MACRO host_of(referrer) AS CASE
    WHEN referrer IS NULL THEN NULL
    WHEN regexp_matches(referrer, '^\s*[A-Za-z][A-Za-z0-9+.-]*://')
        THEN left(
            nullif(
                lower(
                    regexp_extract(
                        referrer,
                        '^[^:]+://([^/?#\\]*@)?([^/?#\\@%\s:]+|\[[0-9A-Fa-f:.]+\])(:\d*)?\s*([/?#\\]|$)',
                        2
                    )
                ),
                ''
            ),
            253
        )
    WHEN regexp_matches(referrer, '[@\s]|%40') THEN NULL
    ELSE left(nullif(lower(regexp_extract(referrer, '^(//)?([^/?#\\:]+)(:\d*)?([/?#\\]|$)', 2)), ''), 253)
END;

-- What a visitor is known by. A visitor is no session of the same name, and comes first.
CREATE MACRO visitor_of(visitor_id, session_id) AS coalesce('visitor ' || visitor_id, 'session ' || session_id);

-- A code or word of the shop, at most 200 characters, with masked e-mail addresses.
CREATE MACRO as_code(value) AS mask_e_mails(shortened(value, 200));

-- An id that looks like an e-mail address is replaced with its hash.
CREATE MACRO event_id_of(value) AS CASE
    WHEN contains(value, '@') OR contains(value, '%40')
        THEN keyed_hash('event ' || value, getvariable('inner_key'), getvariable('outer_key'))
    ELSE safe_id(value)
END;

-- Whether no text is long or contains anything to mask or to clean. One search of the joined texts takes three
-- quarters of the processor time of a search of each.
CREATE MACRO is_harmless(texts) AS strlen(texts) <= 200 AND NOT regexp_matches(texts, getvariable('suspect_id'));

CREATE VIEW typed_events AS
WITH instants AS (
    SELECT
        * EXCLUDE (raw),
        as_instant(occurred_at) AS occurred_instant,
        as_instant(received_at) AS received_instant
    FROM staged_events
),

judged AS (
    SELECT
        *,
        business_date_of(occurred_instant) AS business_date,
        business_date_of(received_instant) AS received_date,
        is_harmless(concat(event_id, event_type, sku, order_id, device)) AS is_harmless,
        coalesce(
            fault || ' line',
            missing(event_id, 'event_id'),
            CASE WHEN strlen(event_id) > 200 AND length(event_id) > 200 THEN 'too_long event_id' END,
            missing(occurred_at, 'occurred_at'),
            missing(received_at, 'received_at'),
            CASE WHEN occurred_instant IS NULL THEN 'invalid_timestamp occurred_at' END,
            CASE WHEN received_instant IS NULL THEN 'invalid_timestamp received_at' END,
            CASE WHEN received_instant < first_instant() THEN 'timestamp_out_of_range received_at' END,
            CASE WHEN occurred_instant < first_instant() THEN 'timestamp_out_of_range occurred_at' END,
            CASE WHEN occurred_instant > received_instant + getvariable('ahead') THEN 'from_the_future occurred_at' END
        ) AS text_fault
    FROM instants
)

SELECT
    line_number,
    CASE WHEN is_harmless THEN event_id ELSE event_id_of(event_id) END AS event_id,
    business_date,
    occurred_instant AS occurred_at,
    received_instant AS received_at,
    visitor_of(visitor_id, session_id) AS visitor,
    CASE WHEN is_harmless THEN event_type ELSE as_code(event_type) END AS event_type,
    CASE WHEN is_harmless THEN sku ELSE shortened(safe_id(sku), 200) END AS sku,
    CASE WHEN is_harmless THEN order_id ELSE shortened(safe_id(order_id), 200) END AS order_id,
    CASE WHEN is_harmless THEN device ELSE as_code(device) END AS device,
    host_of(referrer) AS referrer_host,
    shortened(user_agent, 500) AS user_agent,
    coalesce(
        text_fault,
        CASE WHEN received_date - business_date > getvariable('late_days') THEN 'too_late received_at' END,
        -- The load relies on these two guarantees of the extract.
        CASE
            WHEN
                received_date NOT BETWEEN business_date_of(getvariable('window_start'))
                AND business_date_of(getvariable('window_end') - INTERVAL 1 MICROSECOND)
                THEN 'outside_window received_at'
            WHEN
                business_date <> getvariable('business_date')
                AND getvariable('window_end') <> getvariable('read_at')
                THEN 'other_day occurred_at'
        END
    ) AS fault
FROM judged;
