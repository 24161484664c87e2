-- DuckDB: the lines of several files, whose layouts may have different columns.
COPY (
    FROM read_parquet(getvariable('work') || '/*.parquet', union_by_name = TRUE)
) TO (getvariable('folder') || '/lines.parquet') (FORMAT parquet, ROW_GROUP_SIZE 10240)
