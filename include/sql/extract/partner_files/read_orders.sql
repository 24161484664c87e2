-- DuckDB: the orders of each partner in the files just read and in their previous deliveries, with whether the files have
-- refunds of them; an order may have several rows.
CREATE TABLE read_orders AS
WITH delivered AS (
    SELECT
        partner,
        unnest(order_ids) AS order_id,
        FALSE AS is_refunded
    FROM files
    UNION ALL
    SELECT
        loaded_orders.partner,
        loaded_orders.order_id,
        FALSE
    FROM loaded_orders
    SEMI JOIN files USING (file)
    UNION ALL
    SELECT
        partner,
        safe_id(order_id),
        TRUE
    FROM (
        FROM read_parquet(getvariable('folder') || '/lines.parquet')
        UNION ALL BY NAME
        SELECT NULL::BOOLEAN AS is_refund  -- optional
        WHERE FALSE
    ) AS lines
    WHERE is_refund AND order_id <> ''
)

FROM delivered
ANTI JOIN removed_orders USING (order_id);

-- The ids of those of partners with stored refunds.
SELECT DISTINCT order_id
FROM read_orders
WHERE list_contains(getvariable('refunded_partners')::VARCHAR[], partner)
ORDER BY order_id
