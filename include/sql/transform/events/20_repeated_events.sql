-- Repeated events of one read: the one received first counts; of several received at the same instant, the one that the
-- website sent first. The others are superseded. Invalid events are ignored.
--
-- Only the few repeated events are sorted.

CREATE TABLE superseded_events AS
WITH repeated AS (
    SELECT hash(event_id) AS event_hash
    FROM staged_events
    WHERE event_id IS NOT NULL
    GROUP BY hash(event_id)
    HAVING count(*) > 1
),

repeated_lines AS (
    SELECT line_number
    FROM staged_events
    SEMI JOIN repeated ON hash(staged_events.event_id) = repeated.event_hash
)

SELECT line_number
FROM typed_events
SEMI JOIN repeated_lines USING (line_number)
WHERE fault IS NULL
QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY received_at, line_number) > 1;
