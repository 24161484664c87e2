-- DuckDB: the malformed records of the file that is being read, as delivered. `order_id` is the text where the header has
-- that column. The table is never written to a file: keep_malformed.sql adds the records' shapes to the table rejects.
CREATE OR REPLACE TABLE malformed (
    row_number BIGINT,
    reason VARCHAR,
    detail VARCHAR,
    record VARCHAR,
    order_id VARCHAR
);

-- The order ids of all files that were read.
CREATE TABLE IF NOT EXISTS ids (
    file VARCHAR,
    order_id VARCHAR
);
