{% from "warehouse/macros/versions.sql" import not_older %}
-- Runs before the transaction: which orders are replaced, and which days change. BigQuery prunes partitions by
-- constants only, so the script of the transaction needs the list of days.

{% include "warehouse/loads/audit_state.sql" %}

-- Staged orders that are not older than the stored version, with the day of the stored rows. Only this statement and
-- the next one read all orders in history, in a few narrow columns.
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
    GROUP BY delivered.source, order_id
)

SELECT
    versions.source,
    versions.order_id,
    versions.version_updated_at,
    versions.read_at,
    stored.business_date AS stored_business_date,
    stored.customer_hash AS stored_customer_hash
FROM {{ staged("order_versions") }} AS versions
LEFT JOIN {{ table("orders") }} AS stored
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

-- First order of each customer of a replaced order, in its old or its new version.
CREATE OR REPLACE TABLE {{ staged("first_orders") }} AS
WITH arriving AS (
    SELECT
        staged.customer_hash,
        IF(staged.is_sale AND NOT staged.is_test, staged.ordered_at, NULL) AS counted_at
    FROM {{ staged("orders") }} AS staged
    INNER JOIN {{ staged("replaced_orders") }} AS replaced
        ON
            staged.source = replaced.source
            AND staged.order_id = replaced.order_id
    WHERE staged.customer_hash IS NOT NULL
),

leaving AS (
    SELECT
        replaced.stored_customer_hash AS customer_hash,
        CAST(NULL AS TIMESTAMP) AS counted_at
    FROM {{ staged("replaced_orders") }} AS replaced
    WHERE replaced.stored_customer_hash IS NOT NULL
),

affected AS (
    SELECT customer_hash FROM arriving
    UNION DISTINCT
    SELECT customer_hash FROM leaving
),

staying AS (
    SELECT
        stored.customer_hash,
        stored.ordered_at AS counted_at
    FROM {{ table("orders") }} AS stored
    INNER JOIN affected
        ON stored.customer_hash = affected.customer_hash
    LEFT JOIN {{ staged("replaced_orders") }} AS replaced
        ON
            stored.source = replaced.source
            AND stored.order_id = replaced.order_id
    WHERE
        stored.is_sale
        AND NOT stored.is_test
        AND replaced.order_id IS NULL
)

SELECT
    all_orders.customer_hash,
    MIN(all_orders.counted_at) AS first_ordered_at
FROM (
    SELECT * FROM arriving
    UNION ALL
    SELECT * FROM leaving
    UNION ALL
    SELECT * FROM staying
) AS all_orders
GROUP BY all_orders.customer_hash;

-- Rates that are new, or were published again with another value; the newest read wins.
CREATE OR REPLACE TABLE {{ staged("changed_rates") }} AS
SELECT
    staged.rate_date,
    staged.currency,
    staged.rate
FROM {{ staged("exchange_rates") }} AS staged
LEFT JOIN {{ table("exchange_rates") }} AS stored
    ON
        staged.rate_date = stored.rate_date
        AND staged.currency = stored.currency
WHERE
    stored.rate IS NULL
    OR (
        stored.rate <> staged.rate
        AND NOT EXISTS (
            SELECT 1
            FROM {{ table("load_audit") }} AS earlier
            INNER JOIN {{ staged("load_audit") }} AS this
                ON earlier.source = this.source
            WHERE
                earlier.business_date >= {{ first_day }}
                AND this.source = 'exchange_rates'
                AND earlier.status IN ('success', 'history')
                AND earlier.read_at > this.read_at
        )
    );

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
)

SELECT
    business_date,
    'the run itself' AS cause
FROM {{ staged("run") }}
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
    WHERE business_date >= {{ first_day }}
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
SELECT
    business_date,
    'first orders of customers' AS cause
FROM (
    SELECT
        [
            DATE(recomputed.first_ordered_at, {{ shop_timezone }}), DATE(stored.first_ordered_at, {{ shop_timezone }})
        ] AS days
    FROM {{ staged("first_orders") }} AS recomputed
    LEFT JOIN {{ table("customers") }} AS stored
        ON recomputed.customer_hash = stored.customer_hash
    WHERE recomputed.first_ordered_at IS DISTINCT FROM stored.first_ordered_at
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
    UNION DISTINCT
    SELECT
        business_date,
        currency
    FROM {{ table("daily_sales") }}
    WHERE business_date >= {{ first_day }}
) AS amounts
INNER JOIN changed_days
    ON amounts.business_date = changed_days.business_date
WHERE
    amounts.currency <> {{ reporting_currency }}
    AND changed_days.currency IN (amounts.currency, {{ reporting_currency }});

SELECT DISTINCT business_date
FROM {{ staged("touched_days") }};
