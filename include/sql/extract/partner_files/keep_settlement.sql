-- DuckDB: one row for a settlement that was read. It has no orders: those that it names are in other files. In their place
-- are its payouts, with the ids of the transform. A payout without a row of its own counts as one more.
INSERT INTO files
SELECT
    getvariable('file'),
    getvariable('partner'),
    $sha256,
    getvariable('received_at'),
    count(*) + count(DISTINCT settlement_id) - count(DISTINCT settlement_id) FILTER (is_deposit)
    + (SELECT count(*) FROM malformed),
    coalesce(list(DISTINCT lower(partner) || '-' || settlement_id) FILTER (settlement_id IS NOT NULL), []),
    from_json($warnings, '["JSON"]')::VARCHAR[],
    map(
        $columns::VARCHAR[],
        list_transform($file_columns::VARCHAR[][], LAMBDA parts: array_to_string(parts, ' + '))
    )
FROM settlement_rows
WHERE file = getvariable('file')
