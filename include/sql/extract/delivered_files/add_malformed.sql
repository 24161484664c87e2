-- DuckDB: adds malformed records, whose faults are a reason and a detail.
INSERT INTO malformed BY NAME
SELECT
    row_number,
    fault[1] AS reason,
    fault[2] AS detail,
    record
FROM (
    SELECT
        unnest($numbers::BIGINT[]) AS row_number,
        unnest($faults::VARCHAR[][]) AS fault,
        unnest($texts::VARCHAR[]) AS record
) AS added
