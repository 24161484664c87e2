-- DuckDB: one file that was read, with the orders it holds. An order whose only line is broken is still there: its
-- number stands before the first comma.
INSERT INTO files
SELECT
    $file,
    $partner,
    $sha256,
    $received_at,
    (SELECT count(*) FROM read_parquet($lines))
    + (SELECT count(*) FROM rejects WHERE rejects.file = $file),
    coalesce(list_sort(list(order_id)), [])
FROM (
    SELECT trim(order_id, E' \t\r\n') AS order_id
    FROM read_parquet($lines)

    UNION

    SELECT trim(split_part(raw, ',', 1), E' "\t\r\n') AS order_id
    FROM rejects
    WHERE rejects.file = $file
)
WHERE order_id <> ''
