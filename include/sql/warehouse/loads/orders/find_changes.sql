{% from "warehouse/macros/audit_scope.sql" import daily_audit with context %}
{% from "warehouse/macros/forgotten.sql" import forget, order_hash, remember_orders with context %}
{% from "warehouse/macros/versions.sql" import counted_values, not_older %}
-- Runs before the transaction: which orders are replaced, and which days change. BigQuery prunes partitions by constants
-- only, so the script of the transaction needs the list of days. `stored` has the days that staged_totals.sql found.
DECLARE earliest_date DATE;

{% if stored["forgotten_hashes"] %}
-- The load stores nothing about forgotten customers, whatever its files hold. Their orders are remembered before, also for
-- their web events: an attempt after a conflict finds no customer in the staged orders any more.
{{ remember_orders(staged("orders")) }}

-- A source that has erased the address may name their customer in another way. A customer with other orders stays.
DELETE FROM {{ staged("customers") }}
WHERE customer_hash IN (
    SELECT orders.customer_hash
    FROM {{ staged("orders") }} AS orders
    LEFT JOIN {{ table("forgotten_hashes") }} AS known
        ON {{ order_hash("orders.source", "orders.order_id") }} = known.forgotten_hash
    GROUP BY orders.customer_hash
    HAVING LOGICAL_AND(known.forgotten_hash IS NOT NULL)
);

{% for name in ["refunds", "rejected_rows", "order_lines", "orders", "customers"] %}
{{ forget(name, staged(name), table("forgotten_hashes")) }}

{% endfor %}
{% endif %}
-- Staged orders that are not older than the stored version, with what the load needs of that version.
CREATE OR REPLACE TABLE {{ staged("replaced_orders") }} AS
WITH deliveries AS (
    -- A newer delivery of a file contains all of its orders: the others are removed.
    SELECT
        delivered.source,
        order_id,
        LOGICAL_AND(newer.file IS NOT NULL AND order_id NOT IN UNNEST(newer.order_ids)) AS is_removed
    FROM {{ staged("loaded_files") }} AS delivered
    CROSS JOIN UNNEST(delivered.order_ids) AS order_id
    LEFT JOIN {{ table("loaded_files") }} AS newer
        ON
            delivered.file = newer.file
            AND delivered.source = newer.source
            AND delivered.received_at < newer.received_at
            AND {{ any_of(stored["loaded_files"], "newer.business_date") }}
    GROUP BY delivered.source, order_id
),

stored_orders AS (
    SELECT
        source,
        order_id,
        business_date,
        channel,
        customer_hash,
        is_sale AND NOT is_test AS is_counted,
        ordered_at,
        updated_at,
        read_at,
        {{ counted_values() }} AS counted_values
    FROM {{ table("orders") }}
    WHERE {{ any_of(stored["orders"], "business_date") }}
)

SELECT
    versions.source,
    versions.order_id,
    versions.version_updated_at,
    versions.read_at,
    stored.business_date AS stored_business_date,
    stored.channel AS stored_channel,
    stored.customer_hash AS stored_customer_hash,
    IF(stored.is_counted, stored.ordered_at, NULL) AS stored_counted_at,
    IF(stored.is_counted, stored.counted_values, NULL) AS stored_values
FROM {{ staged("order_versions") }} AS versions
LEFT JOIN stored_orders AS stored
    ON
        versions.source = stored.source
        AND versions.order_id = stored.order_id
LEFT JOIN {{ table("removed_orders") }} AS removed
    ON
        versions.source = removed.source
        AND versions.order_id = removed.order_id
LEFT JOIN deliveries
    ON
        versions.source = deliveries.source
        AND versions.order_id = deliveries.order_id
WHERE
    {{ not_older("versions", "stored.updated_at", "stored.read_at") }}
    AND {{ not_older("versions", "removed.version_updated_at", "removed.read_at") }}
    AND NOT COALESCE(deliveries.is_removed, FALSE);

-- Customers of a replaced order, in its old or its new version, with the stored and the arriving first order.
-- `is_left`: the stored first order is replaced, so another one may be the first.
CREATE OR REPLACE TABLE {{ staged("affected_customers") }} AS
WITH versions AS (
    SELECT
        staged.customer_hash,
        IF(staged.is_sale AND NOT staged.is_test, staged.ordered_at, NULL) AS arriving_at,
        CAST(NULL AS TIMESTAMP) AS leaving_at
    FROM {{ staged("orders") }} AS staged
    INNER JOIN {{ staged("replaced_orders") }} AS replaced
        ON
            staged.source = replaced.source
            AND staged.order_id = replaced.order_id
    UNION ALL
    SELECT
        stored_customer_hash,
        NULL AS arriving_at,
        stored_counted_at AS leaving_at
    FROM {{ staged("replaced_orders") }}
),

affected AS (
    SELECT
        customer_hash,
        MIN(arriving_at) AS arriving_at,
        MIN(leaving_at) AS leaving_at
    FROM versions
    WHERE customer_hash IS NOT NULL
    GROUP BY customer_hash
)

SELECT
    affected.customer_hash,
    affected.arriving_at,
    stored.first_ordered_at,
    COALESCE(
        affected.leaving_at <= stored.first_ordered_at
        AND COALESCE(affected.arriving_at > stored.first_ordered_at, TRUE),
        FALSE
    ) AS is_left
FROM affected
LEFT JOIN {{ table("customers") }} AS stored
    ON affected.customer_hash = stored.customer_hash;

-- No order of these customers is older than the first one.
SET earliest_date = (
    SELECT MIN(DATE(first_ordered_at, {{ shop_timezone }}))
    FROM {{ staged("affected_customers") }}
    WHERE is_left
);

CREATE OR REPLACE TABLE {{ staged("first_orders") }} AS
SELECT
    affected.customer_hash,
    affected.first_ordered_at AS stored_first_ordered_at,
    MIN(candidates.ordered_at) AS first_ordered_at
FROM {{ staged("affected_customers") }} AS affected
LEFT JOIN (
    SELECT
        customer_hash,
        arriving_at AS ordered_at
    FROM {{ staged("affected_customers") }}
    UNION ALL
    SELECT
        customer_hash,
        first_ordered_at AS ordered_at
    FROM {{ staged("affected_customers") }}
    WHERE NOT is_left
    UNION ALL
    SELECT
        staying.customer_hash,
        staying.ordered_at
    FROM {{ table("orders") }} AS staying
    INNER JOIN {{ staged("affected_customers") }} AS left_customers
        ON staying.customer_hash = left_customers.customer_hash
    LEFT JOIN {{ staged("replaced_orders") }} AS replaced
        ON
            staying.source = replaced.source
            AND staying.order_id = replaced.order_id
    WHERE
        staying.business_date >= earliest_date
        AND left_customers.is_left
        AND staying.is_sale
        AND NOT staying.is_test
        AND replaced.order_id IS NULL
) AS candidates
    ON affected.customer_hash = candidates.customer_hash
GROUP BY affected.customer_hash, affected.first_ordered_at;

-- With the reasons, and with the figures before the load, which report_restatements compares with those after it.
CREATE OR REPLACE TABLE {{ staged("touched_days") }} AS
WITH changed_days AS (
    SELECT DISTINCT
        business_date,
        changed_rates.currency
    FROM {{ staged("changed_rates") }} AS changed_rates
    CROSS JOIN
        UNNEST(
            GENERATE_DATE_ARRAY(changed_rates.rate_date, DATE_ADD(changed_rates.rate_date, INTERVAL 7 DAY))
        ) AS business_date
),

touched AS (
    SELECT
        business_date,
        'the run itself' AS cause
    FROM UNNEST(GENERATE_DATE_ARRAY({{ business_date }}, {{ last_day }})) AS business_date
    UNION DISTINCT
    SELECT
        stored_business_date,
        CONCAT('late or changed orders from ', source) AS cause
    FROM {{ staged("replaced_orders") }}
    WHERE stored_business_date IS NOT NULL
    UNION DISTINCT
    SELECT
        arriving.business_date,
        CONCAT('late or changed orders from ', arriving.source) AS cause
    FROM (
        SELECT
            source,
            order_id,
            business_date
        FROM {{ staged("orders") }}
        UNION ALL
        SELECT
            source,
            order_id,
            business_date
        FROM {{ staged("refunds") }}
        UNION ALL
        SELECT
            source,
            order_id,
            business_date
        FROM {{ table("refunds") }}
        WHERE {{ any_of(stored["refunds"], "business_date") }}
    ) AS arriving
    INNER JOIN {{ staged("replaced_orders") }} AS replaced
        ON
            arriving.source = replaced.source
            AND arriving.order_id = replaced.order_id
    UNION DISTINCT
    -- A day with a missing partner file becomes complete when the file is loaded, whatever it contains.
    SELECT
        audit.business_date,
        'late delivery of a partner' AS cause
    FROM {{ table("load_audit") }} AS audit
    CROSS JOIN UNNEST(audit.missing_deliveries) AS partner
    INNER JOIN {{ staged("loaded_files") }} AS delivered
        ON
            audit.source = delivered.source
            AND STARTS_WITH(delivered.file, CONCAT(partner, '_', CAST(audit.business_date AS STRING), '.'))
    WHERE audit.business_date >= {{ first_day }}
    UNION DISTINCT
    -- A source that is switched off completes the days that were not read from it; switched on, it is missing again.
    -- Example: the source failed on Monday. Wednesday's run is the first with the source off: Monday, which has no
    -- audit row `success` or `off` of the source (`reads`), is recomputed and becomes complete. Friday's run has the
    -- source on again: Monday is recomputed and lacks it again. Wednesday has its row `off` and stays complete.
    SELECT
        summaries.business_date,
        'source switched off or on' AS cause
    FROM {{ staged("load_audit") }} AS arriving
    LEFT JOIN (
        SELECT
            source,
            MIN(business_date) AS first_run_day,
            COALESCE(MAX(IF(status = 'off', run_at, NULL)) = MAX(run_at), FALSE) AS is_off
        FROM (
{{ daily_audit("business_date >= " ~ first_day) | indent(12, first=True) }}
        ) AS audit
        GROUP BY source
    ) AS former
        ON arriving.source = former.source
    CROSS JOIN {{ table("daily_summary") }} AS summaries
    LEFT JOIN (
        SELECT
            business_date,
            source
        FROM {{ table("load_audit") }}
        WHERE
            business_date >= {{ first_day }}
            AND (status = 'off' OR (status = 'success' AND DATE(read_at, {{ shop_timezone }}) > business_date))
    ) AS reads
        ON
            summaries.business_date = reads.business_date
            AND arriving.source = reads.source
    LEFT JOIN (
        SELECT DISTINCT business_date
        FROM {{ table("load_audit") }}
        WHERE
            business_date >= {{ first_day }}
            AND source IN ({{ sources }})
    ) AS run_days
        ON summaries.business_date = run_days.business_date
    WHERE
        (arriving.status = 'off') <> COALESCE(former.is_off, FALSE)
        AND arriving.status <> 'history'
        AND reads.source IS NULL
        -- Days that only an export covers are complete without the source.
        AND IF(
            run_days.business_date IS NULL,
            ARRAY_LENGTH(summaries.missing_sources) > 0,
            summaries.business_date >= former.first_run_day
        )
    UNION DISTINCT
    SELECT
        business_date,
        'first orders of customers' AS cause
    FROM (
        SELECT
            [
                DATE(first_ordered_at, {{ shop_timezone }}), DATE(stored_first_ordered_at, {{ shop_timezone }})
            ] AS days
        FROM {{ staged("first_orders") }}
        WHERE first_ordered_at IS DISTINCT FROM stored_first_ordered_at
    ) AS moved
    CROSS JOIN UNNEST(moved.days) AS business_date
    WHERE business_date IS NOT NULL
    UNION DISTINCT
    SELECT
        amounts.business_date,
        'new exchange rates' AS cause
    FROM (
        SELECT
            business_date,
            currency
        FROM {{ table("orders") }}
        WHERE {{ any_of(stored["exchange_rates"], "business_date") }}
        UNION DISTINCT
        SELECT
            business_date,
            currency
        FROM {{ table("daily_sales") }}
        WHERE {{ any_of(stored["exchange_rates"], "business_date") }}
    ) AS amounts
    INNER JOIN changed_days
        ON amounts.business_date = changed_days.business_date
    WHERE
        amounts.currency <> {{ reporting_currency }}
        AND changed_days.currency IN (amounts.currency, {{ reporting_currency }})
)

SELECT
    days.business_date,
    days.causes,
    {{ looked_up_at }} AS looked_up_at,
    {% for column in columns("daily_summary") if column.name != "business_date" %}
    stored.{{ column.name }}{{ "," if not loop.last }}
    {% endfor %}
FROM (
    SELECT
        business_date,
        ARRAY_AGG(cause ORDER BY cause) AS causes
    FROM touched
    GROUP BY business_date
) AS days
LEFT JOIN {{ table("daily_summary") }} AS stored
    ON days.business_date = stored.business_date;

{% include "warehouse/loads/orders/restatement_causes.sql" %}

SELECT business_date
FROM {{ staged("touched_days") }};
