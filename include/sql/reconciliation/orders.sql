-- DuckDB: the storefront's orders as they are ($orders, $refunds: files as for a load) against the tables
-- stored_orders and stored_refunds. One row per business day, by where an order is stored, else by where it would be.
-- Orders changed since the last read ($changed_since; NULL: none) are left out: the next run reads them.
WITH found_orders AS (
    SELECT * EXCLUDE (source, updated_at, read_at, run_id)
    FROM read_parquet($orders)
    WHERE list_contains($days, business_date)
),

found_refunds AS (
    SELECT
        refund_id,
        line_number,
        business_date,
        order_id,
        order_business_date,
        merchandise_amount,
        tax_amount,
        shipping_amount
    FROM read_parquet($refunds)
),

changed_orders AS (
    SELECT order_id
    FROM read_parquet($orders)
    WHERE updated_at >= coalesce($changed_since, 'infinity'::TIMESTAMPTZ)
),

found AS (
    SELECT
        found_orders.order_id,
        found_orders.business_date,
        found_orders.gross_amount,
        found_orders::VARCHAR AS content,
        refunds.entries AS refunds,
        refunds.content AS refund_content
    FROM found_orders
    LEFT JOIN (
        SELECT
            order_id,
            count(DISTINCT refund_id) AS entries,
            list_sort(list(found_refunds::VARCHAR))::VARCHAR AS content
        FROM found_refunds
        GROUP BY order_id
    ) AS refunds USING (order_id)
),

stored AS (
    SELECT
        stored_orders.order_id,
        stored_orders.business_date,
        stored_orders.gross_amount,
        stored_orders::VARCHAR AS content,
        refunds.entries AS refunds,
        refunds.content AS refund_content
    FROM stored_orders
    LEFT JOIN (
        SELECT
            order_id,
            count(DISTINCT refund_id) AS entries,
            list_sort(list(stored_refunds::VARCHAR))::VARCHAR AS content
        FROM stored_refunds
        GROUP BY order_id
    ) AS refunds USING (order_id)
)

SELECT
    coalesce(stored.business_date, found.business_date) AS business_date,
    count(found.order_id) AS source_orders,
    count(stored.order_id) AS stored_orders,
    coalesce(sum(found.gross_amount), 0) AS source_amount,
    coalesce(sum(stored.gross_amount), 0) AS stored_amount,
    coalesce(sum(found.refunds), 0)::BIGINT AS source_refunds,
    coalesce(sum(stored.refunds), 0)::BIGINT AS stored_refunds,
    count(*) FILTER (stored.order_id IS NULL) AS missing,
    count(*) FILTER (found.order_id IS NULL) AS gone,
    count(*) FILTER (found.content <> stored.content) AS changed,
    count(*) FILTER (
        found.order_id = stored.order_id AND found.refund_content IS DISTINCT FROM stored.refund_content
    ) AS refunded
FROM stored
FULL JOIN found ON stored.order_id = found.order_id
WHERE coalesce(stored.order_id, found.order_id) NOT IN (SELECT order_id FROM changed_orders)
GROUP BY 1
ORDER BY 1;
