-- DuckDB: what an extract could not read, in the layout that every source shares.
CREATE TABLE rejects (
    row_number BIGINT,
    reason VARCHAR,
    detail VARCHAR,
    file VARCHAR,
    raw VARCHAR
)
