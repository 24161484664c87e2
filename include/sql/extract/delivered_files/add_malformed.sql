-- DuckDB: adds malformed records; $place is the position of order_id in the header.
INSERT INTO malformed
SELECT
    row_number,
    reason,
    detail,
    record,
    trim(split_part(record, $delimiter, $place), E' "\t\r\n') AS order_id
FROM (
    SELECT
        unnest($numbers::BIGINT[]) AS row_number,
        unnest($reasons::VARCHAR[]) AS reason,
        unnest($details::VARCHAR[]) AS detail,
        unnest($records::VARCHAR[]) AS record
) AS added
