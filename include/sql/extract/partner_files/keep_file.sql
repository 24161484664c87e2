-- DuckDB: one file that was read, with the orders it holds. An order whose only line is broken is still there: its
-- number stands before the comma number $place, the place of order_id in the header. What a broken line has there may
-- be anything; with an @ it is taken for a customer's address, which must not be remembered.
INSERT INTO files
SELECT
    $file,
    $partner,
    $sha256,
    $received_at,
    (SELECT count(*) FROM read_parquet($lines))
    + (SELECT count(*) FROM rejects WHERE rejects.file = $file),
    coalesce(list_sort(list(order_id)), []),
    $warnings
FROM (
    SELECT trim(order_id, E' \t\r\n') AS order_id
    FROM read_parquet($lines)

    UNION

    SELECT trim(split_part(raw, ',', $place), E' "\t\r\n') AS order_id
    FROM rejects
    WHERE rejects.file = $file
        AND NOT contains(split_part(raw, ',', $place), '@')
        AND NOT contains(split_part(raw, ',', $place), '%40')
)
WHERE order_id <> ''
