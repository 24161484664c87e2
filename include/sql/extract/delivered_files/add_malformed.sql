-- DuckDB: adds malformed records, whose faults are a reason and a detail; the variable `place` is the position of order_id
-- in the header.
INSERT INTO malformed
SELECT
    row_number,
    fault[1] AS reason,
    fault[2] AS detail,
    record,
    clean_id(trim(split_part(record, getvariable('delimiter'), getvariable('place')), E' "\t\r\n')) AS order_id
FROM (
    SELECT
        unnest($numbers::BIGINT[]) AS row_number,
        unnest($faults::VARCHAR[][]) AS fault,
        unnest($texts::VARCHAR[]) AS record
) AS added
