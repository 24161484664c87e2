-- Loadable: the files that need not be read again.

CREATE VIEW loaded_files AS
SELECT
    file,
    getvariable('source') AS source,
    sha256,
    getvariable('business_date') AS business_date,
    getvariable('run_id') AS run_id,
    received_at,
    order_ids
FROM staged_files;
