-- Hashes each distinct visitor once; a visitor has about a dozen events.

CREATE VIEW visitor_hashes AS
SELECT
    visitor,
    keyed_hash(visitor, getvariable('inner_key'), getvariable('outer_key')) AS visitor_hash
FROM (
    SELECT DISTINCT visitor_of(visitor_id, session_id) AS visitor
    FROM staged_events
) AS distinct_visitors
WHERE visitor IS NOT NULL;
