-- DuckDB: orders of the previous delivery of a file, or payouts of that of a settlement, that are now in no file of the same
-- partner; and those that are stored under another spelling of an id that was just read (`1001` and a blank).
CREATE TABLE removed_orders AS
SELECT
    former.order_id,
    files.file,
    files.received_at
FROM loaded_orders AS former
JOIN files USING (file)
WHERE NOT EXISTS (
        SELECT 1
        FROM (SELECT partner, unnest(order_ids) AS order_id FROM files) AS present
        WHERE present.partner = former.partner AND present.order_id = former.order_id
    )
    AND NOT EXISTS (
        SELECT 1
        FROM loaded_orders AS elsewhere
        WHERE elsewhere.partner = former.partner
            AND elsewhere.order_id = former.order_id
            AND elsewhere.file NOT IN (SELECT file FROM files)
    )
UNION
SELECT
    former.order_id,
    present.file,
    present.received_at
FROM (FROM loaded_orders WHERE order_id <> clean_id(order_id)) AS former
JOIN (SELECT file, partner, received_at, unnest(order_ids) AS order_id FROM files) AS present
    ON present.partner = former.partner AND present.order_id = clean_id(former.order_id);

-- A warning for each file whose new delivery lacks orders or payouts of the previous one. A removed payout is one more
-- record.
UPDATE files
SET
    lines = lines + CASE WHEN shrunk.is_settlement THEN shrunk.removed ELSE 0 END,
    warnings = list_append(
        warnings,
        json_object(
            'kind', CASE WHEN shrunk.is_settlement THEN 'payouts_removed' ELSE 'orders_removed' END,
            'file', files.file, 'removed', shrunk.removed, 'former', shrunk.former
        )::VARCHAR
    )
FROM (
    SELECT
        loaded_orders.file,
        loaded_orders.file IN (SELECT file FROM settlement_rows) AS is_settlement,
        count(*) AS former,
        count(removed_orders.order_id) AS removed
    FROM loaded_orders
    LEFT JOIN (FROM removed_orders WHERE order_id = clean_id(order_id)) AS removed_orders USING (file, order_id)
    GROUP BY loaded_orders.file
) AS shrunk
WHERE shrunk.file = files.file
    AND shrunk.removed > 0
RETURNING list_last(files.warnings) AS warning
