-- DuckDB: one row for a file that was read, with the ids of its orders as the transform stores them. An order whose
-- only line is malformed is included where its id can be read safely.
INSERT INTO files
SELECT
    $file,
    $partner,
    $sha256,
    $received_at,
    (SELECT count(*) FROM read_parquet($lines)) + (SELECT count(*) FROM malformed),
    coalesce(list_sort(list(DISTINCT order_id)), []),
    $warnings,
    map($columns::VARCHAR[], $file_columns::VARCHAR[])
FROM (
    SELECT safe_id(order_id) AS order_id
    FROM (
        SELECT order_id
        FROM ids
        WHERE file = $file
        UNION ALL
        SELECT order_id
        FROM malformed
    ) AS delivered
) AS safe_ids
WHERE order_id <> ''
