-- DuckDB: a warning for each file whose new delivery lacks orders of the previous one.
UPDATE files
SET warnings = list_append(
    warnings,
    json_object(
        'kind', 'orders_removed', 'file', files.file, 'removed', shrunk.removed, 'former', shrunk.former
    )::VARCHAR
)
FROM (
    SELECT
        loaded_orders.file,
        count(*) AS former,
        count(removed_orders.order_id) AS removed
    FROM loaded_orders
    LEFT JOIN (FROM removed_orders WHERE order_id = clean_id(order_id)) AS removed_orders USING (file, order_id)
    GROUP BY loaded_orders.file
) AS shrunk
WHERE shrunk.file = files.file
    AND shrunk.removed > 0
RETURNING list_last(files.warnings) AS warning
