-- DuckDB: the order ids of the file that was just read, as `malformed` has its malformed records.
CREATE OR REPLACE TABLE ids AS
SELECT DISTINCT trim(order_id, E' \t\r\n') AS order_id
FROM read_parquet($lines)
