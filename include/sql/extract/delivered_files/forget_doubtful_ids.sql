-- DuckDB: a malformed record may be part of an address, and any text may be in the place of its order id. What is there is
-- kept only if it is the id of an order of the file or of its former delivery, or has a digit and the shape of such an id.
WITH ids AS (
    SELECT DISTINCT trim(order_id, E' \t\r\n') AS order_id
    FROM read_parquet($lines)
    UNION
    SELECT unnest($former_orders::VARCHAR[])
)

UPDATE malformed SET order_id = NULL
WHERE order_id NOT IN (SELECT ids.order_id FROM ids WHERE ids.order_id IS NOT NULL)
    AND (
        NOT regexp_matches(order_id, '\d')
        OR shape_of(order_id) NOT IN (SELECT shape_of(ids.order_id) FROM ids WHERE ids.order_id IS NOT NULL)
    )
