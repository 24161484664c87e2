{% from "warehouse/macros/audit.sql" import own with context %}
-- What the day's latest read of each source of sales brought: this run's, else that of the run that read it last. Of
-- delivered files a run reads what is new; so theirs are the latest loads of the files that runs of the day have loaded,
-- and the files that none could use.
WITH latest AS (
    SELECT *
    FROM {{ table("load_audit") }} AS audit
    WHERE business_date = {{ day }}
        AND {{ own("audit") }}
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY source
        ORDER BY IF(run_id = @run_id, 0, 1), read_at DESC, run_id
    ) = 1
),

deliveries AS (
    SELECT
        source,
        SUM(rows_read) AS rows_read,
        SUM(rows_accepted) AS rows_accepted,
        SUM(rows_rejected) AS rows_rejected,
        SUM(source_orders) AS source_orders,
        SUM(orders_loaded) AS orders_loaded,
        SUM(source_amount) AS source_amount,
        SUM(amount_loaded) AS amount_loaded
    FROM {{ table("loaded_files") }} AS files
    WHERE business_date = {{ day }}
    GROUP BY source
    -- (Files that were loaded before the warehouse kept these figures have none.)
    HAVING COUNT(*) = COUNT(files.rows_read)
),

unusable AS (
    SELECT
        source,
        COUNT(*) AS files
    FROM {{ table("rejected_rows") }}
    WHERE business_date = {{ day }}
        AND row_number = 0
    GROUP BY source
)

SELECT
    latest.source,
    latest.status,
    latest.read_at,
    latest.window_start,
    latest.window_end,
    COALESCE(deliveries.rows_read + COALESCE(unusable.files, 0), latest.rows_read) AS rows_read,
    COALESCE(deliveries.rows_accepted, latest.rows_accepted) AS rows_accepted,
    COALESCE(deliveries.rows_rejected + COALESCE(unusable.files, 0), latest.rows_rejected) AS rows_rejected,
    COALESCE(
        deliveries.rows_read - deliveries.rows_accepted - deliveries.rows_rejected, latest.rows_superseded
    ) AS rows_superseded,
    COALESCE(deliveries.source_orders, latest.source_orders) AS source_orders,
    COALESCE(deliveries.orders_loaded, latest.orders_loaded) AS orders_loaded,
    COALESCE(deliveries.source_amount, latest.source_amount) AS source_amount,
    COALESCE(deliveries.amount_loaded, latest.amount_loaded) AS amount_loaded
FROM latest
LEFT JOIN deliveries
    ON latest.source = deliveries.source
LEFT JOIN unusable
    ON latest.source = unusable.source
ORDER BY latest.source
