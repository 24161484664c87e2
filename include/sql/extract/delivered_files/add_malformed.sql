-- DuckDB: adds malformed records, each with its number, reason, detail and text.
INSERT INTO malformed BY NAME
SELECT
    added[1]::BIGINT AS row_number,
    added[2] AS reason,
    added[3] AS detail,
    added[4] AS record
FROM (SELECT unnest($records::VARCHAR[][]) AS added) AS listed
