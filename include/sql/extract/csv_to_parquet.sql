-- DuckDB: PostgreSQL's CSV from a pipe into a Parquet file. What does not fit its column goes, with its text, into the
-- temporary table reject_errors. NULL is an empty field without quotes, the empty text one with quotes.
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
) TO $target (FORMAT parquet, COMPRESSION zstd)
