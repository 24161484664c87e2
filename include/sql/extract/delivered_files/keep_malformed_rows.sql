-- DuckDB: adds the shapes of a settlement's malformed records to the table rejects.
INSERT INTO rejects
SELECT
    row_number,
    reason,
    detail,
    getvariable('file') AS file,
    shape_of_line(record, getvariable('delimiter'), NULL) AS raw
FROM malformed
