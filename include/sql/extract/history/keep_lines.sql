-- DuckDB, after transform/values.sql: the lines of one file with clean order ids and the shop's day of their ordered_at,
-- sorted by day, so that a month is read without the others. `day` is NULL for an invalid ordered_at, which the transform rejects.
COPY (
    SELECT
        * REPLACE (nullif(safe_id(order_id), '') AS order_id),
        CASE
            WHEN instant_fault(as_text(ordered_at), 'ordered_at') IS NULL THEN business_date_of(as_instant(ordered_at))
        END AS day
    FROM read_parquet($lines)
    ORDER BY day
) TO $target (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20480)
