-- DuckDB: the tables of the raw folder other than its lines.
COPY rejects TO (getvariable('folder') || '/rejects.parquet') (FORMAT parquet, ROW_GROUP_SIZE 10240);
COPY settlement_rows TO (getvariable('folder') || '/settlements.parquet') (FORMAT parquet, ROW_GROUP_SIZE 10240);
COPY files TO (getvariable('folder') || '/files.parquet') (FORMAT parquet, ROW_GROUP_SIZE 10240);
COPY removed_orders TO (getvariable('folder') || '/removed_orders.parquet') (FORMAT parquet, ROW_GROUP_SIZE 10240);

-- Orders of previously loaded deliveries that also occur in a file of another partner.
COPY (
    SELECT DISTINCT
        present.order_id,
        known.partner,
        known.file,
        known.received_at
    FROM loaded_orders AS known
    JOIN (SELECT partner, unnest(order_ids) AS order_id FROM files) AS present
        ON present.order_id = safe_id(known.order_id) AND present.partner <> known.partner
) TO (getvariable('folder') || '/known_orders.parquet') (FORMAT parquet, ROW_GROUP_SIZE 10240);

-- Stored refunds of the orders just read, without those of the files just read, whose days their ids end with.
COPY (
    FROM stored_refunds
    SEMI JOIN read_orders ON stored_refunds.channel = read_orders.partner AND stored_refunds.order_id = read_orders.order_id
    ANTI JOIN files
        ON stored_refunds.channel = files.partner
        AND right(stored_refunds.refund_id, 8) = replace(regexp_extract(files.file, '_(\d{4}-\d{2}-\d{2})\.csv', 1), '-', '')
) TO (getvariable('folder') || '/known_refunds.parquet') (FORMAT parquet, ROW_GROUP_SIZE 10240);

-- Orders just read that have refunds, as stored under the same partner, and their lines.
CREATE TABLE kept_orders AS
FROM stored_orders
SEMI JOIN read_orders ON stored_orders.channel = read_orders.partner AND stored_orders.order_id = read_orders.order_id;

COPY kept_orders TO (getvariable('folder') || '/kept_orders.parquet') (FORMAT parquet, ROW_GROUP_SIZE 10240);

COPY (
    FROM stored_order_lines
    SEMI JOIN kept_orders USING (order_id)
) TO (getvariable('folder') || '/kept_order_lines.parquet') (FORMAT parquet, ROW_GROUP_SIZE 10240);
