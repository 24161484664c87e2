-- What each source said of some days, and what was loaded: the latest read of each day. Of delivered files a run reads
-- what is new, so theirs are the latest loads of the files that runs of the day have loaded.
WITH latest AS (
    SELECT *
    FROM {{ table("load_audit") }}
    WHERE business_date BETWEEN {{ first }} AND {{ day }}
        AND source IN ({{ sources }})
        AND status != 'history'
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY business_date, source
        ORDER BY read_at DESC, run_id
    ) = 1
),

deliveries AS (
    SELECT
        business_date,
        source,
        SUM(source_orders) AS source_orders,
        SUM(orders_loaded) AS orders_loaded,
        SUM(source_amount) AS source_amount,
        SUM(amount_loaded) AS amount_loaded
    FROM {{ table("loaded_files") }} AS files
    WHERE business_date BETWEEN {{ first }} AND {{ day }}
    GROUP BY business_date, source
    -- (Files that were loaded before the warehouse kept these figures have none.)
    HAVING COUNT(*) = COUNT(files.rows_read)
)

SELECT
    latest.business_date,
    latest.source,
    latest.status,
    latest.read_at,
    latest.rows_rejected,
    COALESCE(deliveries.source_orders, latest.source_orders) AS source_orders,
    COALESCE(deliveries.orders_loaded, latest.orders_loaded) AS orders_loaded,
    COALESCE(deliveries.source_amount, latest.source_amount) AS source_amount,
    COALESCE(deliveries.amount_loaded, latest.amount_loaded) AS amount_loaded,
    latest.missing_deliveries
FROM latest
LEFT JOIN deliveries
    ON latest.business_date = deliveries.business_date
    AND latest.source = deliveries.source
ORDER BY latest.business_date, latest.source
