-- DuckDB: writes PostgreSQL's CSV from a pipe to a Parquet file. Values that do not fit their column are added to the
-- temporary table reject_errors with their text. An empty field is NULL without quotes and the empty text with quotes.
-- Each thread holds a row group in memory, so they are half as large as DuckDB's.
COPY (
    FROM read_csv(
        $pipe,
        columns = $columns,
        auto_detect = false,
        header = false,
        delim = ',',
        quote = '"',
        escape = '"',
        nullstr = '',
        allow_quoted_nulls = false,
        buffer_size = 8388608,
        max_line_size = 4194304,
        store_rejects = true
    )
) TO $target (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 61440)
