-- DuckDB: the malformed records of the file that is being read, as delivered. keep_order_ids.sql sets `order_id`, and
-- keep_malformed.sql adds the records' shapes to the table rejects; this table is never written to a file.
CREATE OR REPLACE TABLE malformed (
    row_number BIGINT,
    reason VARCHAR,
    detail VARCHAR,
    record VARCHAR,
    order_id VARCHAR
);

-- The order ids of all files that were read, as the transform stores them, and whether a line sells the order; two rows
-- for one with two spellings.
CREATE TABLE IF NOT EXISTS ids (
    file VARCHAR,
    order_id VARCHAR,
    is_sold BOOLEAN
);

-- The rows of all settlements that were read. Amounts and dates are texts, also invalid ones.
CREATE TABLE IF NOT EXISTS settlement_rows (
    file VARCHAR,
    partner VARCHAR,
    received_at TIMESTAMPTZ,
    row_number BIGINT,
    settlement_id VARCHAR,
    deposited_on VARCHAR,
    deposit_amount VARCHAR,
    currency VARCHAR,
    order_id VARCHAR,
    kind VARCHAR,
    amount VARCHAR,
    fee_amount VARCHAR,
    posted_at VARCHAR,
    is_deposit BOOLEAN
);

-- Orders of previously loaded deliveries of files, one row each.
CREATE TABLE IF NOT EXISTS loaded_orders (
    order_id VARCHAR,
    file VARCHAR,
    partner VARCHAR,
    received_at TIMESTAMPTZ
);
