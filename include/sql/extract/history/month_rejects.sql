-- DuckDB: the unreadable records of all files; they belong to the first month.
COPY (
    FROM read_parquet($rejects)
    WHERE $is_first
) TO $target (FORMAT parquet, COMPRESSION zstd)
