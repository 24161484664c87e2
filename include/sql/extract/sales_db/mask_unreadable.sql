-- DuckDB: rows that could not be read, in the layout of the transform. $columns are the columns of each query of $files. A
-- row whose text could not be read is kept as its shape; the order id stays readable, because PostgreSQL's CSV is
-- well-formed. Any other row is an object of its columns, from which the transform takes out the personal ones.
UPDATE rejects SET raw = CASE
    WHEN reason IN ('malformed_line', 'bad_encoding') OR len(fields_of_line(raw)) <> len(names)
        THEN shape_of_line(raw, ',', list_position(names, 'order_id'))
    ELSE to_json(map(names, fields_of_line(raw)))::VARCHAR
END
FROM (SELECT unnest($files::VARCHAR[]) AS file, unnest($columns::VARCHAR[][]) AS names) AS queries
WHERE rejects.file = queries.file
