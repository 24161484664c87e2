-- DuckDB: records that an extract could not read, in the layout of all sources.
CREATE TABLE rejects (
    row_number BIGINT,
    reason VARCHAR,
    detail VARCHAR,
    file VARCHAR,
    raw VARCHAR
)
