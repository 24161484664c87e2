-- DuckDB: one row for a file that was read, with the ids of its orders as the transform stores them. An order whose
-- only line is malformed is included: its id is field $place of the raw record, the position of order_id in the header.
-- A malformed line may contain anything there, even an e-mail address, which safe_id replaces with a hash.
INSERT INTO files
SELECT
    $file,
    $partner,
    $sha256,
    $received_at,
    (SELECT count(*) FROM read_parquet($lines))
    + (SELECT count(*) FROM rejects WHERE rejects.file = $file),
    coalesce(list_sort(list(DISTINCT order_id)), []),
    $warnings,
    map($columns::VARCHAR[], $file_columns::VARCHAR[])
FROM (
    SELECT safe_id(order_id) AS order_id
    FROM (
        SELECT trim(order_id, E' \t\r\n') AS order_id
        FROM read_parquet($lines)

        UNION

        SELECT trim(split_part(raw, $delimiter, $place), E' "\t\r\n') AS order_id
        FROM rejects
        WHERE rejects.file = $file
    ) AS ids
) AS safe_ids
WHERE order_id <> ''
