-- DuckDB: the lines of orders whose lines disagree about the day, under the day that counts.
COPY (
    SELECT lines.* REPLACE (moved.day AS day)
    FROM read_parquet($files) AS lines
    JOIN (FROM order_days WHERE is_moved) AS moved
        ON coalesce(trim(lines.order_id, E' \t\r\n'), '') = moved.order_id
    WHERE lines.day IS NOT NULL
) TO $target (FORMAT parquet, COMPRESSION zstd)
