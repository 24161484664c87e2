-- DuckDB, after a file was read: adds its order ids to the table ids, and sets those of its malformed records.
INSERT INTO ids
SELECT
    getvariable('file'),
    nullif(safe_id(order_id), ''),
    is_sold
FROM (
    SELECT
        order_id,
        bool_or(is_refund IS NOT TRUE) AS is_sold
    FROM (
        FROM read_parquet(getvariable('lines'))
        UNION ALL BY NAME
        SELECT NULL::BOOLEAN AS is_refund  -- optional
        WHERE FALSE
    ) AS lines
    GROUP BY order_id
) AS spellings;

-- `place` is the position of order_id in the header.
UPDATE malformed
SET order_id = safe_id(trim(split_part(record, getvariable('delimiter'), getvariable('place')), E' "\t\r\n'));

-- A malformed record may be part of an address, and any text may be in the place of its order id. What is there is
-- kept only if it is the id of an order of the file or of its former delivery, or has a digit and the shape of such an id.
-- A text and its shape are equally long, so that few shapes have to be found.
WITH known AS (
    SELECT order_id
    FROM ids
    WHERE file = getvariable('file')
    UNION ALL
    SELECT order_id
    FROM loaded_orders
    WHERE file = getvariable('file')
),

unknown AS (
    SELECT DISTINCT order_id
    FROM malformed
    ANTI JOIN known USING (order_id)
),

shapes AS (
    SELECT DISTINCT shape_of(order_id) AS shape
    FROM known
    WHERE length(order_id) IN (SELECT length(unknown.order_id) FROM unknown WHERE regexp_matches(unknown.order_id, '\d'))
)

UPDATE malformed SET order_id = NULL
FROM unknown
WHERE malformed.order_id = unknown.order_id
    AND (
        NOT regexp_matches(unknown.order_id, '\d')
        OR shape_of(unknown.order_id) NOT IN (SELECT shapes.shape FROM shapes)
    )
