-- DuckDB: a Parquet file into the layout of partner files' lines, every value as the text that says exactly the same.
-- The expressions of the contract's columns depend on the file's types (plugins/ecommerce/sales/history/parquet.py).
COPY (
    SELECT
        {columns},
        $file AS file,
        $partner AS partner,
        file_row_number + 1 AS row_number,
        $received_at AS received_at
    FROM read_parquet($path, file_row_number = true)
) TO $lines (FORMAT parquet, COMPRESSION snappy)
