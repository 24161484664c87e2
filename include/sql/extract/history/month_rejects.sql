-- DuckDB: the records of all files that are no lines; they go with the first month.
COPY (
    FROM read_parquet($rejects)
    WHERE $is_first
) TO $target (FORMAT parquet, COMPRESSION zstd)
