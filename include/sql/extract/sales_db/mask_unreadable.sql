-- DuckDB: the shapes of rows whose text could not be read. $columns are the columns of each query of $files; the order id
-- stays readable, because PostgreSQL's CSV is well-formed.
UPDATE rejects SET raw = shape_of_line(
    raw, ',', list_position(map($files::VARCHAR[], $columns::VARCHAR[][])[file], 'order_id')
)
WHERE reason IN ('malformed_line', 'bad_encoding')
