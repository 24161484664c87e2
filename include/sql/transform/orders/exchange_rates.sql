-- Published reference rates -> staged layout.

CREATE OR REPLACE VIEW staged_rates AS
SELECT
    bounded(rate_date) AS rate_date,
    bounded(currency) AS currency,
    bounded(rate) AS rate,
    'rates' AS file,
    row_number
FROM read_parquet(getvariable('raw') || '/rates.parquet');

CREATE OR REPLACE VIEW staged_rejects AS
SELECT
    file,
    row_number,
    reason,
    detail,
    raw
FROM read_parquet(getvariable('raw') || '/rejects.parquet');

CREATE VIEW staged_rows_read AS
SELECT count(*) AS rows_read
FROM (
    SELECT 1 FROM read_parquet(getvariable('raw') || '/rates.parquet')
    UNION ALL
    SELECT 1 FROM read_parquet(getvariable('raw') || '/rejects.parquet')
) AS records;
