{% from "warehouse/macros/restatement.sql" import is_restated %}
-- Mailed figures that differ now from the last report that listed them: one row per business day and figure, the newest
-- day first. A report lists the changes of its own and earlier days up to the time when its figures were queried.
-- `causes` is a JSON array of objects with kind, source, channel and orders: new exchange rates first, then the most
-- orders. A cause of several changes is listed once, with its largest number: one order that three loads changed is not
-- three orders.
WITH listed AS (
    SELECT
        restated.business_date,
        MAX(deliveries.figures_at) AS listed_until
    FROM (SELECT DISTINCT business_date FROM `sales.report_restatements`) AS restated
    INNER JOIN `sales.report_deliveries` AS deliveries
        ON restated.business_date <= deliveries.business_date
    WHERE deliveries.state = 'sent'
        AND deliveries.subscription IS NULL
        AND deliveries.business_date < {{ report_day }}
    GROUP BY restated.business_date
),

changes AS (
    SELECT
        restated.business_date,
        restated.figure,
        restated.old AS old_value,
        restated.`new` AS new_value,
        restated.causes,
        restated.detected_at,
        ROW_NUMBER() OVER (
            PARTITION BY restated.business_date, restated.figure ORDER BY restated.detected_at
        ) AS number,
        COUNT(*) OVER (PARTITION BY restated.business_date, restated.figure) AS last_number
    FROM `sales.report_restatements` AS restated
    LEFT JOIN listed
        ON restated.business_date = listed.business_date
    WHERE restated.business_date <= {{ report_day }}
        AND COALESCE(restated.detected_at > listed.listed_until, TRUE)
),

restatements AS (
    SELECT
        business_date,
        figure,
        MAX(IF(number = 1, old_value, NULL)) AS old_value,
        MAX(IF(number = last_number, new_value, NULL)) AS new_value,
        MAX(detected_at) AS detected_at
    FROM changes
    GROUP BY business_date, figure
),

causes AS (
    SELECT
        business_date,
        figure,
        kind,
        source,
        channel,
        MAX(orders) AS orders
    FROM (
        SELECT
            changes.business_date,
            changes.figure,
            JSON_VALUE(cause, '$.kind') AS kind,
            JSON_VALUE(cause, '$.source') AS source,
            JSON_VALUE(cause, '$.channel') AS channel,
            COALESCE(CAST(JSON_VALUE(cause, '$.orders') AS INT64), 0) AS orders
        FROM changes
        CROSS JOIN UNNEST(JSON_QUERY_ARRAY(changes.causes)) AS cause
    ) AS named
    GROUP BY business_date, figure, kind, source, channel
),

cause_lists AS (
    SELECT
        business_date,
        figure,
        STRING_AGG(
            TO_JSON_STRING(STRUCT(kind AS kind, source AS source, channel AS channel, orders AS orders)),
            ', ' ORDER BY IF(kind = 'rates', 0, 1), orders DESC, kind, channel, source
        ) AS causes
    FROM causes
    GROUP BY business_date, figure
)

SELECT
    restatements.business_date,
    restatements.figure,
    restatements.old_value AS old,
    restatements.new_value AS `new`,
    CONCAT('[', COALESCE(cause_lists.causes, ''), ']') AS causes,
    restatements.detected_at
FROM restatements
LEFT JOIN cause_lists
    ON
        restatements.business_date = cause_lists.business_date
        AND restatements.figure = cause_lists.figure
WHERE {{ is_restated("restatements.old_value", "restatements.new_value") }}
ORDER BY
    restatements.business_date DESC,
    CASE restatements.figure
        {% for figure in headline_figures %}
        WHEN '{{ figure }}' THEN {{ loop.index }}
        {% endfor %}
    END
