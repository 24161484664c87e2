-- DuckDB: orders of previously loaded deliveries that also occur in a file of another partner.
CREATE TABLE known_orders AS
SELECT DISTINCT
    present.order_id,
    known.partner,
    known.file,
    known.received_at
FROM loaded_orders AS known
JOIN (SELECT partner, unnest(order_ids) AS order_id FROM files) AS present
    ON present.order_id = safe_id(known.order_id) AND present.partner <> known.partner
