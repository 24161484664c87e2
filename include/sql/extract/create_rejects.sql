-- DuckDB: records that an extract could not read, in the layout of all sources, and the form in which a CSV line that
-- cannot be parsed is kept: nobody knows which of its text is a name, a street or a telephone number.
CREATE TABLE rejects (
    row_number BIGINT,
    reason VARCHAR,
    detail VARCHAR,
    file VARCHAR,
    raw VARCHAR
);

-- Letters as x and digits as 9; separators, quotes and the length stay.
CREATE MACRO shape_of(value) AS regexp_replace(regexp_replace(value, '[\p{L}\p{M}]', 'x', 'g'), '\p{N}', '9', 'g');

-- The shape of a line, in which the field `place` (from 1; NULL: none) stays readable.
CREATE MACRO shape_of_line(line, delimiter, place) AS array_to_string(
    list_transform(
        string_split(line, delimiter),
        LAMBDA field, position: CASE WHEN position = place THEN field ELSE shape_of(field) END
    ),
    delimiter
);

-- The fields of a line of PostgreSQL's CSV, in which NULL has no quotes.
CREATE MACRO fields_of_line(line) AS list_transform(
    regexp_extract_all(line, '(?:^|,)("(?:[^"]|"")*"|[^",]*)', 1),
    LAMBDA field: CASE
        WHEN field LIKE '"%' THEN replace(field[2:-2], '""', '"')
        ELSE nullif(field, '')
    END
);
