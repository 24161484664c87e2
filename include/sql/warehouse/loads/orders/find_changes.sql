{% from "warehouse/macros/audit_scope.sql" import daily_audit, is_off with context %}
{% from "warehouse/macros/changed_rates.sql" import changed_rates with context %}
{% from "warehouse/macros/deliveries.sql" import deliveries with context %}
{% from "warehouse/macros/first_orders.sql" import first_orders with context %}
{% from "warehouse/macros/forgotten.sql" import forget, order_hash, remember_orders with context %}
{% from "warehouse/macros/versions.sql" import counted_values, not_older %}
-- Runs before the transaction: which orders are replaced, and which days change. BigQuery prunes partitions by constants
-- only, so the script of the transaction needs the list of days. `stored` has the days that staged_totals.sql found.
{% if stored["orders"] %}
DECLARE earliest_date DATE;
{% endif %}

{% if stored["forgotten_hashes"] %}
-- The load stores nothing about forgotten customers, whatever its files hold. Their orders are remembered before, also for
-- their web events: an attempt after a conflict finds no customer in the staged orders any more.
{{ remember_orders("`sales_staging.orders`") }}

-- A source that has erased the address may name their customer in another way. A customer with other orders stays.
DELETE FROM {{ staging_table("customers") }}
WHERE
    {{ is_staged("customers") }}
    AND customer_hash IN (
    SELECT orders.customer_hash
    FROM `sales_staging.orders` AS orders
    LEFT JOIN `sales.forgotten_hashes` AS known
        ON {{ order_hash("orders.source", "orders.order_id") }} = known.forgotten_hash
    GROUP BY orders.customer_hash
    HAVING LOGICAL_AND(known.forgotten_hash IS NOT NULL)
);

{% for name in ["refunds", "rejected_rows", "order_lines", "orders", "customers"] %}
{{ forget(name, staging_table(name), "`sales.forgotten_hashes`", is_staged(name)) }}

{% endfor %}
{% endif %}
-- Staged orders that are not older than the stored version, with what the load needs of that version.
CREATE OR REPLACE TABLE `sales_staging.replaced_orders` AS
WITH deliveries AS (
{{ deliveries() | indent(4, first=True) }}
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
    FROM `sales.orders`
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
FROM `sales_staging.order_versions` AS versions
LEFT JOIN stored_orders AS stored
    ON
        versions.source = stored.source
        AND versions.order_id = stored.order_id
LEFT JOIN `sales.removed_orders` AS removed
    ON
        versions.source = removed.source
        AND versions.order_id = removed.order_id
LEFT JOIN deliveries
    ON
        versions.source = deliveries.source
        AND versions.order_id = deliveries.order_id
WHERE
    {{ not_older("stored.updated_at", "stored.read_at") }}
    AND {{ not_older("removed.version_updated_at", "removed.read_at") }}
    AND NOT COALESCE(deliveries.is_removed, FALSE);

{% if stored["orders"] %}
-- The day of the oldest order that its customer has no longer, or has later: of customers who lose their first order,
-- none that stays is older.
SET earliest_date = (
    SELECT MIN(replaced.stored_business_date)
    FROM `sales_staging.replaced_orders` AS replaced
    LEFT JOIN `sales_staging.orders` AS staged
        ON
            replaced.source = staged.source
            AND replaced.order_id = staged.order_id
            AND replaced.stored_customer_hash = staged.customer_hash
            AND replaced.stored_counted_at >= staged.ordered_at
            AND staged.is_sale
            AND NOT staged.is_test
    WHERE
        replaced.stored_counted_at IS NOT NULL
        AND staged.order_id IS NULL
);

{% endif %}
-- The days that the load changes, with the reasons and with the figures before it, which report_restatements compares with
-- those after it.
{% set earliest_date = "earliest_date" if stored["orders"] else "NULL" %}
CREATE OR REPLACE TABLE `sales_staging.touched_days` AS
WITH changed_days AS (
    SELECT DISTINCT
        business_date,
        changed_rates.currency
    FROM (
{{ changed_rates() | indent(8, first=True) }}
    ) AS changed_rates
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
    FROM `sales_staging.replaced_orders`
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
        FROM `sales_staging.orders`
        UNION ALL
        SELECT
            source,
            order_id,
            business_date
        FROM `sales_staging.refunds`
        UNION ALL
        SELECT
            source,
            order_id,
            business_date
        FROM `sales.refunds`
        WHERE {{ any_of(stored["refunds"], "business_date") }}
    ) AS arriving
    INNER JOIN `sales_staging.replaced_orders` AS replaced
        ON
            arriving.source = replaced.source
            AND arriving.order_id = replaced.order_id
    UNION DISTINCT
    -- A day with a missing partner file becomes complete when the file is loaded, whatever it contains.
    SELECT
        audit.business_date,
        'late delivery of a partner' AS cause
    FROM `sales.load_audit` AS audit
    CROSS JOIN UNNEST(audit.missing_deliveries) AS partner
    INNER JOIN `sales_staging.loaded_files` AS delivered
        ON
            audit.source = delivered.source
            AND STARTS_WITH(delivered.file, CONCAT(partner, '_', CAST(audit.business_date AS STRING), '.'))
    WHERE audit.business_date >= DATE '0001-01-01'
    UNION DISTINCT
    -- A source that is switched off completes the days that were not read from it; switched on, it is missing again.
    -- Example: the source failed on Monday. Wednesday's run is the first with the source off: Monday, which has no
    -- audit row `success` or `off` of the source (`reads`), is recomputed and becomes complete. Friday's run has the
    -- source on again: Monday is recomputed and lacks it again. Wednesday has its row `off` and stays complete. A source
    -- that is off is empty on no day.
    SELECT
        summaries.business_date,
        'source switched off or on' AS cause
    FROM `sales_staging.load_audit` AS arriving
    LEFT JOIN (
        SELECT
            source,
            MIN(business_date) AS first_run_day,
            {{ is_off() }} AS is_off
        FROM (
{{ daily_audit("business_date >= DATE '0001-01-01'") | indent(12, first=True) }}
        ) AS audit
        GROUP BY source
    ) AS former
        ON arriving.source = former.source
    CROSS JOIN `sales.daily_summary` AS summaries
    LEFT JOIN (
        SELECT
            business_date,
            source
        FROM `sales.load_audit`
        WHERE
            business_date >= DATE '0001-01-01'
            AND (status = 'off' OR (status = 'success' AND DATE(read_at, {{ shop_timezone }}) > business_date))
    ) AS reads
        ON
            summaries.business_date = reads.business_date
            AND arriving.source = reads.source
    LEFT JOIN (
        SELECT DISTINCT business_date
        FROM `sales.load_audit`
        WHERE
            business_date >= DATE '0001-01-01'
            AND source IN ({{ sources }})
    ) AS run_days
        ON summaries.business_date = run_days.business_date
    WHERE
        (arriving.status = 'off') <> COALESCE(former.is_off, FALSE)
        AND arriving.status <> 'history'
        AND (
            EXISTS (
                SELECT 1
                FROM UNNEST(summaries.empty_sources) AS name
                WHERE STARTS_WITH(CONCAT(name, ':'), CONCAT(arriving.source, ':'))
            )
            OR (
                reads.source IS NULL
                -- Days that only an export covers are complete without the source.
                AND IF(
                    run_days.business_date IS NULL,
                    ARRAY_LENGTH(summaries.missing_sources) > 0,
                    summaries.business_date >= former.first_run_day
                )
            )
        )
    UNION DISTINCT
    SELECT
        business_date,
        'first orders of customers' AS cause
    FROM (
        SELECT DISTINCT
            DATE(first_ordered_at, {{ shop_timezone }}) AS new_day,
            DATE(stored_first_ordered_at, {{ shop_timezone }}) AS old_day
        FROM (
{{ first_orders(earliest_date) | indent(12, first=True) }}
        ) AS first_orders
        WHERE first_ordered_at IS DISTINCT FROM stored_first_ordered_at
    ) AS moved
    CROSS JOIN UNNEST([moved.new_day, moved.old_day]) AS business_date
    WHERE business_date IS NOT NULL
    UNION DISTINCT
    SELECT
        amounts.business_date,
        'new exchange rates' AS cause
    FROM (
        SELECT
            business_date,
            currency
        FROM `sales.orders`
        WHERE {{ any_of(stored["exchange_rates"], "business_date") }}
        UNION DISTINCT
        SELECT
            business_date,
            currency
        FROM `sales.daily_sales`
        WHERE {{ any_of(stored["exchange_rates"], "business_date") }}
    ) AS amounts
    INNER JOIN changed_days
        ON amounts.business_date = changed_days.business_date
    WHERE
        amounts.currency <> {{ reporting_currency }}
        AND changed_days.currency IN (amounts.currency, {{ reporting_currency }})
),

days AS (
    SELECT
        touched.business_date,
        mailed.business_date IS NOT NULL AS is_mailed,
        ARRAY_AGG(touched.cause ORDER BY touched.cause) AS causes
    FROM touched
    LEFT JOIN (
        SELECT DISTINCT business_date
        FROM `sales.report_deliveries`
        WHERE
            state = 'sent'
            AND subscription IS NULL
    ) AS mailed
        ON touched.business_date = mailed.business_date
    GROUP BY touched.business_date, mailed.business_date
),

restatement_causes AS (
{% include "warehouse/loads/orders/restatement_causes.jinja" %}
),

cause_lists AS (
    SELECT
        business_date,
        CONCAT(
            '[', STRING_AGG(IF(kind <> 'first_orders', TO_JSON_STRING(cause), NULL), ', ' ORDER BY kind, channel), ']'
        ) AS change_causes,
        CONCAT(
            '[', STRING_AGG(IF(kind = 'first_orders', TO_JSON_STRING(cause), NULL), ', ' ORDER BY kind, channel), ']'
        ) AS customer_causes
    FROM restatement_causes AS cause
    GROUP BY business_date
)

SELECT
    days.business_date,
    {{ earliest_date }} AS earliest,
    days.is_mailed,
    days.causes,
    cause_lists.change_causes,
    cause_lists.customer_causes,
    {{ looked_up_at }} AS looked_up_at,
    stored.* EXCEPT (business_date)
FROM days
LEFT JOIN cause_lists
    ON days.business_date = cause_lists.business_date
LEFT JOIN `sales.daily_summary` AS stored
    ON days.business_date = stored.business_date;
