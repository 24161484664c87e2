-- DuckDB: a warning for each file with an id that is the number of another order of the partner in a spreadsheet's
-- spelling: 1001.0 and 1001.
UPDATE files
SET warnings = list_append(
    warnings,
    json_object(
        'kind', 'order_id_spellings', 'file', files.file, 'orders', doubtful.orders,
        'example', doubtful.example, 'known', doubtful.known
    )::VARCHAR
)
FROM (
    WITH delivered AS (
        SELECT file, partner, order_id
        FROM (SELECT file, partner, unnest(order_ids) AS order_id FROM files) AS listed
        WHERE order_id >= '0' AND order_id < ':'  -- begins with a digit
    ),

    known AS (
        SELECT partner, order_id FROM delivered
        UNION
        SELECT partner, order_id FROM loaded_orders
    ),

    pairs AS (
        SELECT known.partner, known.order_id AS known, spelled.order_id AS example
        FROM (SELECT *, number_of_id(order_id) AS number FROM known) AS spelled
        JOIN known ON spelled.partner = known.partner AND spelled.number = known.order_id
        WHERE spelled.number <> spelled.order_id
    )

    SELECT
        delivered.file,
        count(DISTINCT pairs.known) AS orders,
        min(pairs.known) AS known,
        arg_min(pairs.example, pairs.known) AS example
    FROM delivered
    JOIN pairs ON delivered.partner = pairs.partner AND delivered.order_id IN (pairs.known, pairs.example)
    GROUP BY delivered.file
) AS doubtful
WHERE doubtful.file = files.file
RETURNING list_last(files.warnings) AS warning
