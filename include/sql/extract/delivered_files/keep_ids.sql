-- DuckDB: adds the order ids of a file that was read to the table ids.
INSERT INTO ids
SELECT DISTINCT
    $file,
    trim(order_id, E' \t\r\n')
FROM read_parquet($lines)
