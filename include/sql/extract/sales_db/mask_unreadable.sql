-- DuckDB: the shapes of the rows of one query whose text could not be read; $place is the position of order_id, if any.
UPDATE rejects SET raw = shape_of_line(raw, ',', $place)
WHERE file = $file AND reason IN ('malformed_line', 'bad_encoding')
