-- DuckDB: rows that could not be read, as JSON objects. A row whose text could not be read is kept as its shape, with
-- its order id, which is readable because PostgreSQL's CSV is well-formed. Any other row is an object of its columns,
-- from which the transform removes the personal ones.
UPDATE rejects SET raw = CASE
    WHEN rejects.reason IN ('malformed_line', 'bad_encoding') OR cells IS NULL
        THEN json_object(
            'order_id', fields_of_line(raw)[list_position(names, 'order_id')], 'shape', shape_of(raw)
        )::VARCHAR
    ELSE to_json(cells)::VARCHAR
END
FROM rejected_cells
WHERE rejects.file = rejected_cells.file AND rejects.row_number = rejected_cells.row_number
