-- DuckDB: adds the order ids of a file that was read to the table ids.
INSERT INTO ids
SELECT DISTINCT
    getvariable('file'),
    clean_id(order_id)
FROM read_parquet(getvariable('lines'))
