-- DuckDB: stored refunds of the orders just read, without those of the files just read, whose days their ids end with.
CREATE TABLE known_refunds AS
FROM stored_refunds
SEMI JOIN read_orders ON stored_refunds.channel = read_orders.partner AND stored_refunds.order_id = read_orders.order_id
ANTI JOIN files
    ON stored_refunds.channel = files.partner
    AND right(stored_refunds.refund_id, 8) = replace(regexp_extract(files.file, '_(\d{4}-\d{2}-\d{2})\.csv', 1), '-', '')
