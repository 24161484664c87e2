-- DuckDB: one reject for each row that csv_to_parquet.sql could not read, whatever its number of errors.
-- $file names the query, $instants its columns of type TIMESTAMPTZ.
INSERT INTO rejects
SELECT
    line AS row_number,
    CASE arg_min(error_type, column_idx)
        WHEN 'CAST' THEN
            CASE WHEN list_contains($instants, arg_min(column_name, column_idx)) THEN 'invalid_timestamp' ELSE 'invalid_number' END
        WHEN 'INVALID ENCODING' THEN 'bad_encoding'
        ELSE 'malformed_line'
    END AS reason,
    array_to_string(
        list_sort(list(DISTINCT CASE error_type WHEN 'CAST' THEN column_name ELSE error_message END)), '; '
    ) AS detail,
    $file AS file,
    any_value(csv_line) AS raw
FROM reject_errors
GROUP BY line
