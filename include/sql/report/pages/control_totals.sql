{% from "warehouse/macros/deliveries.sql" import is_undelivered with context %}
-- What each source said of some days, and what was loaded: the latest read of each day. Of delivered files a run reads
-- what is new, so theirs are the latest loads of the files that runs of the day have loaded.
WITH audit AS (
    SELECT
        *,
        -- A source that failed was not read at any time: the other sources of its run say when that was.
        MAX(read_at) OVER (PARTITION BY business_date, run_id) AS run_at
    FROM {{ table("load_audit") }}
    WHERE business_date BETWEEN {{ first }} AND {{ day }}
        AND source IN ({{ sources }})
        AND status != 'history'
),

latest AS (
    SELECT *
    FROM audit
    -- What the hourly sync reads of the running day says nothing of the day as a whole.
    WHERE status != 'success'
        OR DATE(read_at, {{ shop_timezone }}) > business_date
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY business_date, source
        ORDER BY run_at DESC, read_at DESC, run_id
    ) = 1
),

-- Those that were due, and whose file no run has loaded since.
missing AS (
    SELECT
        latest.business_date,
        latest.source,
        ARRAY_AGG(partner ORDER BY partner) AS partners
    FROM latest
    CROSS JOIN UNNEST(latest.missing_deliveries) AS partner
    WHERE
        {{ is_undelivered("partner", "latest.business_date") }}
    GROUP BY latest.business_date, latest.source
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
    COALESCE(missing.partners, []) AS missing_deliveries
FROM latest
LEFT JOIN deliveries
    ON latest.business_date = deliveries.business_date
    AND latest.source = deliveries.source
LEFT JOIN missing
    ON latest.business_date = missing.business_date
    AND latest.source = missing.source
ORDER BY latest.business_date, latest.source
