-- DuckDB: lines of orders whose lines have different days, with the day of the order.
COPY (
    SELECT lines.* REPLACE (moved.day AS day)
    FROM read_parquet($files) AS lines
    JOIN (FROM order_days WHERE is_moved) AS moved
        ON coalesce(lines.order_id, '') = moved.order_id
    WHERE lines.day IS NOT NULL
) TO $target (FORMAT parquet, COMPRESSION zstd)
