-- DuckDB: records of one file that were rejected before parsing (quotes, encoding, length).
INSERT INTO rejects
SELECT
    row_number,
    reason,
    detail,
    $file,
    raw
FROM read_csv(
    $path,
    columns = {'row_number': 'BIGINT', 'reason': 'VARCHAR', 'detail': 'VARCHAR', 'raw': 'VARCHAR'},
    auto_detect = false,
    header = false,
    new_line = '\n',
    delim = ',',
    quote = '"',
    escape = '"',
    max_line_size = 4194304,
    parallel = false
)
