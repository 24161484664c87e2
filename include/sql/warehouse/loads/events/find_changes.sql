{% from "warehouse/macros/forgotten.sql" import forget with context %}
{% from "warehouse/macros/funnel.sql" import STEP_DAYS, step_types with context %}
{#
  Whether a stored event belongs to the slice that one read returns completely: all events received in its window, or,
  where the window ends before the read, only those of its business day. `stored` is the event, `reading` the staged row of load_audit.
#}
{% macro in_slice() -%}
stored.received_at >= reading.window_start
        AND stored.received_at < reading.window_end
        AND stored.read_at <= reading.read_at
        AND (reading.window_end = reading.read_at OR stored.business_date = reading.business_date)
{%- endmacro %}
-- Runs before the transaction: which events are added and removed, and which days they affect. BigQuery prunes
-- partitions by constants only, so the script of the transaction needs the list of days. This file reads a fixed number
-- of days around those of the read, so the bytes read do not grow with history. An event occurs at most three days
-- before and one day after the day of its read; copies of it are searched for in three more days on either side.

{% if stored["forgotten_hashes"] %}
-- The load stores nothing about forgotten customers, whatever its files hold.
{% for name in ["user_events", "rejected_rows"] %}
{{ forget(name, staging_table(name), "`sales.forgotten_hashes`", is_staged(name)) }}

{% endfor %}
{% endif %}
-- Staged events that were received before every remaining stored copy. Of two equal copies, the one of the newer read
-- counts.
CREATE OR REPLACE TABLE `sales_staging.arriving_events` AS
SELECT
    arriving.event_id,
    arriving.business_date,
    arriving.event_type,
    arriving.visitor_hash
FROM `sales_staging.user_events` AS arriving
LEFT JOIN (
    SELECT
        stored.event_id,
        stored.received_at,
        stored.occurred_at,
        stored.read_at
    FROM `sales.user_events` AS stored
    CROSS JOIN `sales_staging.load_audit` AS reading
    WHERE
        {{ read_days("stored.business_date", before=6, after=4) }}
        AND NOT ({{ in_slice() }})
) AS staying
    ON arriving.event_id = staying.event_id
WHERE
    staying.event_id IS NULL
    OR staying.received_at > arriving.received_at
    OR (
        staying.received_at = arriving.received_at
        AND (
            staying.occurred_at > arriving.occurred_at
            OR (staying.occurred_at = arriving.occurred_at AND staying.read_at <= arriving.read_at)
        )
    );

-- Stored events to delete: those that earlier reads returned for the same slice, and later copies of arriving events.
CREATE OR REPLACE TABLE `sales_staging.leaving_events` AS
SELECT
    stored.event_id,
    stored.business_date,
    stored.event_type,
    stored.visitor_hash
FROM `sales.user_events` AS stored
CROSS JOIN `sales_staging.load_audit` AS reading
LEFT JOIN `sales_staging.arriving_events` AS arriving
    ON stored.event_id = arriving.event_id
WHERE
    {{ read_days("stored.business_date", before=6, after=4) }}
    AND (
        arriving.event_id IS NOT NULL
        OR ({{ in_slice() }})
    );

CREATE OR REPLACE TABLE `sales_staging.touched_days` AS
WITH changes AS (
    SELECT
        business_date,
        event_type,
        visitor_hash,
        1 AS events
    FROM `sales_staging.arriving_events`
    UNION ALL
    SELECT
        business_date,
        event_type,
        visitor_hash,
        -1 AS events
    FROM `sales_staging.leaving_events`
),

changed_days AS (
    SELECT {{ business_date }} AS business_date
    UNION DISTINCT
    SELECT business_date
    FROM changes
),

-- Whether the website sent events of each step on each day, before and after this load.
step_days AS (
    SELECT
        business_date,
        event_type,
        SUM(stored_events) > 0 AS is_before,
        SUM(stored_events + added_events) > 0 AS is_after
    FROM (
        SELECT
            business_date,
            event_type,
            events AS stored_events,
            0 AS added_events
        FROM `sales.daily_events`
        WHERE
            {{ read_days("business_date", before=6 + STEP_DAYS, after=4 + STEP_DAYS) }}
            AND event_type IN ({{ step_types() }})
        UNION ALL
        SELECT
            business_date,
            event_type,
            0 AS stored_events,
            events AS added_events
        FROM changes
        WHERE event_type IN ({{ step_types() }})
    ) AS counts
    GROUP BY business_date, event_type
),

candidate_days AS (
    SELECT DISTINCT day AS business_date
    FROM step_days
    CROSS JOIN
        UNNEST(
            GENERATE_DATE_ARRAY(
                step_days.business_date, DATE_ADD(step_days.business_date, INTERVAL {{ STEP_DAYS - 1 }} DAY)
            )
        ) AS day
    WHERE step_days.is_before <> step_days.is_after
),

-- Days on which this load adds a step to the funnel or removes one.
changed_steps AS (
    SELECT DISTINCT changed.business_date
    FROM (
        SELECT candidate_days.business_date
        FROM candidate_days
        INNER JOIN step_days
            ON
                step_days.business_date <= candidate_days.business_date
                AND step_days.business_date > DATE_SUB(candidate_days.business_date, INTERVAL {{ STEP_DAYS }} DAY)
        GROUP BY candidate_days.business_date, step_days.event_type
        HAVING LOGICAL_OR(step_days.is_before) <> LOGICAL_OR(step_days.is_after)
    ) AS changed
    INNER JOIN `sales.daily_events` AS stored
        ON changed.business_date = stored.business_date
    WHERE {{ read_days("stored.business_date", before=6, after=4 + STEP_DAYS) }}
),

-- A session may span several midnights. It belongs to the day on which it began.
long_sessions AS (
    SELECT DISTINCT stored.business_date
    FROM `sales.sessions` AS stored
    INNER JOIN (
        SELECT DISTINCT
            visitor_hash,
            business_date
        FROM changes
    ) AS changed
        ON stored.visitor_hash = changed.visitor_hash
    WHERE
        {{ read_days("stored.business_date", before=12, after=4) }}
        AND stored.business_date < DATE_SUB(changed.business_date, INTERVAL 1 DAY)
        AND stored.business_date >= DATE_SUB(changed.business_date, INTERVAL 6 DAY)
        AND DATE(stored.ended_at, {{ shop_timezone }}) >= DATE_SUB(changed.business_date, INTERVAL 1 DAY)
),

touched AS (
    SELECT
        day AS business_date,
        'events added or removed on the day or next to it' AS cause
    FROM changed_days
    CROSS JOIN
        UNNEST(
            GENERATE_DATE_ARRAY(
                DATE_SUB(changed_days.business_date, INTERVAL 1 DAY),
                DATE_ADD(changed_days.business_date, INTERVAL 1 DAY)
            )
        ) AS day
    UNION DISTINCT
    SELECT
        business_date,
        'sessions of several days' AS cause
    FROM long_sessions
    UNION DISTINCT
    SELECT
        business_date,
        'funnel steps that began or ended' AS cause
    FROM changed_steps
)

SELECT
    {{ business_date }} AS business_date,
    'the run itself' AS cause
UNION DISTINCT
-- The results of a day whose events have expired, and of the day after it, are not recomputed.
SELECT
    business_date,
    cause
FROM touched
WHERE business_date >= DATE_SUB(DATE({{ looked_up_at }}), INTERVAL {{ events_retention_days - 2 }} DAY);
