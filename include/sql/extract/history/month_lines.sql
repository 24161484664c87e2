-- DuckDB: the lines of one month from all files. The first month also includes lines without a valid day.
COPY (
    SELECT * EXCLUDE (day)
    FROM read_parquet($files) AS lines
    WHERE day BETWEEN $first_day AND $last_day
        AND NOT EXISTS (
            SELECT 1
            FROM read_parquet($moved) AS moved
            WHERE moved.file = lines.file AND moved.row_number = lines.row_number
        )
    UNION ALL
    SELECT * EXCLUDE (day)
    FROM read_parquet($moved)
    WHERE day BETWEEN $first_day AND $last_day
    UNION ALL
    SELECT * EXCLUDE (day)
    FROM read_parquet($files)
    WHERE day IS NULL AND $is_first
) TO $target (FORMAT parquet, COMPRESSION zstd)
