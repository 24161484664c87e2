-- Events that the read has more than once: the one received first counts, and of those received at the same instant the
-- one that the website sent first. The others are superseded. What cannot be used takes no part.
--
-- Few events are there twice, so only those are sorted.

CREATE TABLE superseded_events AS
WITH repeated AS (
    SELECT hash(event_id) AS event_hash
    FROM staged_events
    WHERE event_id IS NOT NULL
    GROUP BY hash(event_id)
    HAVING count(*) > 1
),

suspects AS (
    SELECT line_number
    FROM staged_events
    SEMI JOIN repeated ON hash(staged_events.event_id) = repeated.event_hash
)

SELECT line_number
FROM typed_events
SEMI JOIN suspects USING (line_number)
WHERE fault IS NULL
QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY received_at, line_number) > 1;
