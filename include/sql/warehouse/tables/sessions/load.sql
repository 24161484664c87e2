{% from "warehouse/macros/funnel.sql" import STEP_DAYS, place_of with context %}
{% from "warehouse/macros/replace.sql" import replace_days with context %}
-- Recomputes the sessions that began on the touched days. Also reads the day before, whose sessions may continue, and
-- six days after, which covers sessions of up to seven days.
{% call replace_days("sessions") %}
WITH events AS (
    SELECT
        business_date,
        visitor_hash,
        event_id,
        occurred_at,
        device,
        referrer_host,
        browser_family,
        is_bot,
        {{ place_of("event_type") }} AS place
    FROM `sales.user_events`
    WHERE
        {{ days("business_date", before=1, after=6) }}
        AND visitor_hash IS NOT NULL
),

with_previous AS (
    SELECT
        events.*,
        LAG(occurred_at) OVER (PARTITION BY visitor_hash ORDER BY occurred_at, place, event_id) AS previous_at
    FROM events
),

-- Number the sessions of each visitor.
numbered AS (
    SELECT
        with_previous.*,
        SUM(
            IF(
                previous_at IS NULL OR TIMESTAMP_DIFF(occurred_at, previous_at, MICROSECOND) >= 30 * 60 * 1000000, 1, 0
            )
        ) OVER (
            PARTITION BY visitor_hash
            ORDER BY occurred_at, place, event_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS session_number
    FROM with_previous
),

-- Number the events of each session; a session belongs to the day of its first event.
ordered AS (
    SELECT
        numbered.*,
        ROW_NUMBER() OVER (
            PARTITION BY visitor_hash, session_number ORDER BY occurred_at, place, event_id
        ) AS event_number,
        MIN(business_date) OVER (PARTITION BY visitor_hash, session_number) AS started_on
    FROM numbered
),

-- The steps that the website tracked up to each day.
tracked_steps AS (
    SELECT
        day,
        LOGICAL_OR(counts.event_type = 'view_item') AS is_tracked_viewed,
        LOGICAL_OR(counts.event_type = 'add_to_cart') AS is_tracked_added,
        LOGICAL_OR(counts.event_type = 'begin_checkout') AS is_tracked_checkout,
        LOGICAL_OR(counts.event_type = 'purchase') AS is_tracked_purchased
    FROM `sales.daily_events` AS counts
    CROSS JOIN
        UNNEST(
            GENERATE_DATE_ARRAY(
                counts.business_date, DATE_ADD(counts.business_date, INTERVAL {{ STEP_DAYS - 1 }} DAY)
            )
        ) AS day
    WHERE {{ days("counts.business_date", before=STEP_DAYS - 1) }}
    GROUP BY day
),

reached_0 AS (
    SELECT
        ordered.*,
        tracked_steps.is_tracked_viewed,
        tracked_steps.is_tracked_added,
        tracked_steps.is_tracked_checkout,
        tracked_steps.is_tracked_purchased,
        0 AS place_0
    FROM ordered
    INNER JOIN tracked_steps
        ON ordered.started_on = tracked_steps.day
    WHERE {{ days("ordered.started_on") }}
),

-- Number of the event with which a session reached a step: the first event of the step after the previous step. A step
-- that the website does not track is reached together with the previous one.
{% for reached in ["viewed", "added", "checkout", "purchased"] %}
reached_{{ loop.index }} AS (
    SELECT
        reached_{{ loop.index0 }}.*,
        IF(
            is_tracked_{{ reached }},
            MIN(IF(place = {{ loop.index }} AND event_number > place_{{ loop.index0 }}, event_number, NULL)) OVER (
                PARTITION BY visitor_hash, session_number
            ),
            place_{{ loop.index0 }}
        ) AS place_{{ loop.index }}
    FROM reached_{{ loop.index0 }}
){{ "," if not loop.last }}

{% endfor %}
SELECT
    started_on AS business_date,
    TO_HEX(SHA256(CONCAT(visitor_hash, ' ', CAST(UNIX_MICROS(MIN(occurred_at)) AS STRING)))) AS session_key,
    visitor_hash,
    MIN(occurred_at) AS started_at,
    MAX(occurred_at) AS ended_at,
    COUNT(*) AS events,
    LOGICAL_AND(is_tracked_viewed AND place_1 IS NOT NULL) AS viewed,
    LOGICAL_AND(is_tracked_added AND place_2 IS NOT NULL) AS added,
    LOGICAL_AND(is_tracked_checkout AND place_3 IS NOT NULL) AS checkout,
    LOGICAL_AND(is_tracked_purchased AND place_4 IS NOT NULL) AS purchased,
    MAX(IF(event_number = 1, device, NULL)) AS device,
    MAX(IF(event_number = 1, referrer_host, NULL)) AS referrer,
    MAX(IF(event_number = 1, browser_family, NULL)) AS browser_family,
    -- A bot: an event has the user agent of a known one, or the session has at least 100 events and on average at least one
    -- every two seconds.
    LOGICAL_OR(is_bot)
    OR (
        COUNT(*) >= 100
        AND TIMESTAMP_DIFF(MAX(occurred_at), MIN(occurred_at), MICROSECOND) <= 2000000 * COUNT(*)
    ) AS is_bot
FROM reached_4
GROUP BY visitor_hash, session_number, started_on
{%- endcall %}
