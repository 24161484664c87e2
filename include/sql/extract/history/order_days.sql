-- DuckDB: the day of each order in the export. Its lines may have different ordered_at values and be in several files:
-- the earliest day applies to all of them. Lines without an order id keep their own day. An order of which the export has
-- only refunds is not sold in it.
CREATE TABLE order_days AS
SELECT
    order_id,
    min(day) AS day,
    min(day) <> max(day) AS is_moved,
    bool_or(is_refund IS NOT TRUE) AS is_sold,
    count(*) AS lines
FROM (
    SELECT
        coalesce(order_id, '') AS order_id,
        is_refund,
        day
    FROM (
        FROM read_parquet($files)
        UNION ALL BY NAME
        SELECT NULL::BOOLEAN AS is_refund  -- optional
        WHERE FALSE
    ) AS lines
    WHERE day IS NOT NULL
) AS dated
GROUP BY order_id, CASE WHEN order_id = '' THEN day END
