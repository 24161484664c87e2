-- Row counts of the written files by outcome, and warnings.

WITH reasons AS (
    SELECT
        reason,
        count(*) AS records
    FROM written_rejected_rows
    GROUP BY reason
),

events AS (
    SELECT
        count(*) AS user_events,
        count_if(is_skewed) AS skewed
    FROM written_user_events
)

SELECT
    (SELECT count(*) FROM staged_events) AS rows_read,
    events.user_events AS rows_accepted,
    (SELECT coalesce(sum(records), 0)::BIGINT FROM reasons) AS rows_rejected,
    (SELECT count(*) FROM superseded_events) AS rows_superseded,
    events.user_events,
    coalesce((SELECT map_from_entries(list(row(reason, records) ORDER BY reason)) FROM reasons), map()) AS rejected,
    CASE
        WHEN events.skewed > 0
            THEN list_value(json_object('kind', 'skewed_events', 'events', events.skewed)::VARCHAR)
        ELSE []
    END AS warnings
FROM events;
