-- DuckDB: converts a Parquet file to the layout of the partner files' lines, every value as its exact text. The
-- expressions in braces depend on the types of the file (plugins/ecommerce/sales/history/reading.py).
COPY (
    SELECT
        {columns},
        $file AS file,
        $partner AS partner,
        file_row_number + 1 AS row_number,
        $received_at AS received_at
    FROM read_parquet($path, file_row_number = true)
) TO $lines (FORMAT parquet, COMPRESSION snappy)
