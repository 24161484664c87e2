-- DuckDB: adds the shapes of a file's malformed records to the table rejects. An order id that keep_order_ids.sql found
-- stays readable in them.
INSERT INTO rejects
SELECT
    row_number,
    reason,
    detail,
    getvariable('file') AS file,
    shape_of_line(
        record,
        getvariable('delimiter'),
        CASE WHEN order_id IS NOT NULL THEN getvariable('place') END
    ) AS raw
FROM malformed
