-- DuckDB: where each order of the export belongs. Its lines may disagree about ordered_at, and may lie in several
-- files: all of them go with the earliest day any of them says. A line without order id goes by itself.
CREATE TABLE order_days AS
SELECT
    order_id,
    min(day) AS day,
    min(day) <> max(day) AS is_moved,
    count(*) AS lines
FROM (
    SELECT
        coalesce(trim(order_id, E' \t\r\n'), '') AS order_id,
        day
    FROM read_parquet($files)
    WHERE day IS NOT NULL
) AS dated
GROUP BY order_id, CASE WHEN order_id = '' THEN day END
