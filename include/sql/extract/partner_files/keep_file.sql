-- DuckDB: one row for a file that was read, with the ids of its orders as the transform stores them. An order whose
-- only line is malformed is included where its id can be read safely.
INSERT INTO files
SELECT
    getvariable('file'),
    getvariable('partner'),
    $sha256,
    getvariable('received_at'),
    (SELECT count(*) FROM read_parquet(getvariable('lines'))) + (SELECT count(*) FROM malformed),
    coalesce(list_sort(list(order_id)), []),
    from_json($warnings, '["JSON"]')::VARCHAR[],
    map(
        $columns::VARCHAR[],
        list_transform($file_columns::VARCHAR[][], LAMBDA parts: array_to_string(parts, ' + '))
    )
FROM (
    SELECT order_id
    FROM ids
    WHERE file = getvariable('file')
    UNION
    SELECT order_id
    FROM malformed
) AS delivered
WHERE order_id <> ''
