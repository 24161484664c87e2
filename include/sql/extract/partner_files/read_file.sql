-- DuckDB: converts one file with numbered records (its first column) to the layout of the table `lines`; all values
-- stay text. Column names and the delimiter are checked before, in sources/delivered_files.py and csv_records.py. The
-- pipeline replaces the name in braces with the columns of `lines`, as the partner's layout (sources/partner_layouts.py)
-- maps them, and those that ORDER_ATTRIBUTES names. Records in one line, nearly all, are read by all threads.
COPY (
    SELECT
        {columns},
        $file AS file,
        $partner AS partner,
        record_number AS row_number,
        $received_at AS received_at
    FROM (
        FROM read_csv(
            $good,
            columns = $columns,
            auto_detect = false,
            header = false,
            new_line = '\n',
            delim = $delimiter,
            quote = '"',
            escape = '"',
            nullstr = '',
            allow_quoted_nulls = false,
            -- The lines are shorter than this; with the buffers that 4 MB need, reading takes twice the processor time.
            max_line_size = 65536,
            buffer_size = 8388608,
            store_rejects = true
        )
        UNION ALL
        FROM read_csv(
            $odd,
            columns = $columns,
            auto_detect = false,
            header = false,
            new_line = '\n', -- a carriage return in quotes is text
            delim = $delimiter,
            quote = '"',
            escape = '"',
            nullstr = '',
            allow_quoted_nulls = false,
            max_line_size = 4194304,
            parallel = false, -- a record may hold line breaks
            store_rejects = true
        )
    ) AS records
) TO $lines (FORMAT parquet, COMPRESSION zstd)
