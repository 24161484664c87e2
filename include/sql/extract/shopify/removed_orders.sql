-- Orders that were asked for by their ids, are on no page, and would be visible if they were there.
COPY (
    SELECT order_id
    FROM (
        SELECT unnest($order_ids::VARCHAR[]) AS order_id
        EXCEPT
        SELECT legacyResourceId
        FROM read_json(getvariable('pages'), format = 'array', records = TRUE, columns = { legacyResourceId: 'VARCHAR' })
    )
    WHERE order_id::BIGINT >= $visible_from
    ORDER BY order_id
) TO $file (FORMAT parquet);
