-- DuckDB: the day of each order in the export. Its lines may have different ordered_at values and be in several files:
-- the earliest day applies to all of them. Lines without an order id keep their own day.
CREATE TABLE order_days AS
SELECT
    order_id,
    min(day) AS day,
    min(day) <> max(day) AS is_moved,
    count(*) AS lines
FROM (
    SELECT
        coalesce(order_id, '') AS order_id,
        day
    FROM read_parquet($files)
    WHERE day IS NOT NULL
) AS dated
GROUP BY order_id, CASE WHEN order_id = '' THEN day END
