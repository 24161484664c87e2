-- DuckDB: one file that was read, with the orders it holds, by the ids under which the transform stores them. An order
-- whose only line is broken is still there: its number stands before the comma number $place, the place of order_id in
-- the header. What a broken line has there may be anything, also a customer's address; safe_order_id makes it a hash.
INSERT INTO files
SELECT
    $file,
    $partner,
    $sha256,
    $received_at,
    (SELECT count(*) FROM read_parquet($lines))
    + (SELECT count(*) FROM rejects WHERE rejects.file = $file),
    coalesce(list_sort(list(DISTINCT safe_id)), []),
    $warnings
FROM (
    SELECT CASE WHEN regexp_matches(order_id, getvariable('suspect')) THEN safe_order_id(order_id) ELSE order_id END
        AS safe_id
    FROM (
        SELECT trim(order_id, E' \t\r\n') AS order_id
        FROM read_parquet($lines)

        UNION

        SELECT trim(split_part(raw, ',', $place), E' "\t\r\n') AS order_id
        FROM rejects
        WHERE rejects.file = $file
    ) AS ids
) AS safe_ids
WHERE safe_id <> ''
