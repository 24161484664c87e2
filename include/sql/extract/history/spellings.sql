-- DuckDB, after transform/values.sql: a warning if ids of the export are numbers of other orders in a spreadsheet's
-- spelling: 1001.0 and 1001.
SELECT
    json_object(
        'kind', 'order_id_spellings', 'file', $source, 'orders', count(DISTINCT known.order_id),
        'example', arg_min(spelled.order_id, known.order_id), 'known', min(known.order_id)
    )::VARCHAR AS warning
FROM (SELECT order_id, number_of_id(order_id) AS number FROM order_days) AS spelled
JOIN order_days AS known ON spelled.number = known.order_id
WHERE spelled.number <> spelled.order_id
HAVING count(*) > 0
