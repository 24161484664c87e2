-- DuckDB: one reject for each record of a file that read_file.sql could not read, without the prepended record number.
INSERT INTO rejects
SELECT
    try_cast(split_part(any_value(csv_line), $delimiter, 1) AS BIGINT) AS row_number,
    'malformed_line' AS reason,
    CASE arg_min(error_type, column_idx)
        WHEN 'MISSING COLUMNS' THEN 'too few fields'
        WHEN 'TOO MANY COLUMNS' THEN 'too many fields'
        ELSE lower(arg_min(error_type, column_idx)::VARCHAR)
    END AS detail,
    $file AS file,
    substr(any_value(csv_line), instr(any_value(csv_line), $delimiter) + 1) AS raw
FROM reject_errors
GROUP BY scan_id, file_id, line
