-- DuckDB: adds the order ids of a file that was read to the table ids.
INSERT INTO ids
SELECT DISTINCT
    $file,
    clean_id(order_id)
FROM read_parquet($lines)
