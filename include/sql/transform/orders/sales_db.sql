-- Sales database -> staged layout. The amount of a line is quantity x unit price; the amount of a refund is merchandise
-- only. Lines and refunds of an order whose own row could not be read are rejected with it; otherwise they would
-- replace the stored version as lines of an order that does not exist.

CREATE TABLE unread_orders AS
FROM read_parquet(getvariable('raw') || '/unread_orders.parquet');

CREATE TABLE unread_lines AS
SELECT
    'order_items' AS file,
    file_row_number AS row_number,
    order_id,
    to_json(items) AS raw
FROM (
    SELECT bounded(COLUMNS(*))
    FROM read_parquet(getvariable('raw') || '/order_items.parquet', file_row_number = TRUE)
) AS items
SEMI JOIN unread_orders USING (order_id)
UNION ALL
SELECT
    'refunds' AS file,
    file_row_number AS row_number,
    order_id,
    to_json(refunds) AS raw
FROM (
    SELECT bounded(COLUMNS(*))
    FROM read_parquet(getvariable('raw') || '/refunds.parquet', file_row_number = TRUE)
) AS refunds
SEMI JOIN unread_orders USING (order_id);

CREATE OR REPLACE VIEW staged_orders AS
SELECT
    order_id,
    0::BIGINT AS version,
    'orders' AS file,
    file_row_number AS row_number,
    status,
    currency,
    shipping_country AS country_code,
    NULL::VARCHAR AS customer_email,
    customer_id,
    coupon_code,
    is_test,
    shipping_amount,
    NULL::VARCHAR AS fee_amount,
    NULL::VARCHAR AS tax_amount,
    ordered_at,
    updated_at,
    getvariable('read_at') AS received_at,
    named_attributes(to_json(orders)) AS attributes
FROM read_parquet(getvariable('raw') || '/orders.parquet', file_row_number = TRUE) AS orders;

CREATE OR REPLACE VIEW staged_order_lines AS
SELECT
    order_id,
    0::BIGINT AS version,
    line_number,
    'order_items' AS file,
    file_row_number AS row_number,
    sku,
    NULL::VARCHAR AS product_name,
    NULL::VARCHAR AS category,
    quantity,
    unit_price,
    NULL::VARCHAR AS gross_amount,
    discount_amount,
    tax_amount,
    unit_cost,
    NULL::TIMESTAMPTZ AS line_updated_at
FROM (
    FROM read_parquet(getvariable('raw') || '/order_items.parquet', file_row_number = TRUE)
    UNION ALL BY NAME
    SELECT NULL::VARCHAR AS unit_cost  -- optional
    WHERE FALSE
) AS items
ANTI JOIN unread_orders USING (order_id);

CREATE OR REPLACE VIEW staged_refunds AS
SELECT
    refund_id,
    order_id,
    line_number,
    'refunds' AS file,
    file_row_number AS row_number,
    quantity,
    amount AS merchandise_amount,
    NULL::VARCHAR AS tax_amount,
    NULL::VARCHAR AS shipping_amount,
    NULL::VARCHAR AS unallocated_amount,
    reason,
    refunded_at
FROM read_parquet(getvariable('raw') || '/refunds.parquet', file_row_number = TRUE)
ANTI JOIN unread_orders USING (order_id);

CREATE OR REPLACE VIEW staged_payments AS
SELECT
    payment_id,
    order_id,
    'payments' AS file,
    file_row_number AS row_number,
    lower(as_text(kind)) AS kind,
    gateway,
    currency,
    amount,
    fee_amount,
    NULL::VARCHAR AS order_currency,
    NULL::VARCHAR AS order_amount,
    payout_id,
    is_test,
    processed_at,
    NULL::TIMESTAMPTZ AS received_at
FROM read_parquet(getvariable('raw') || '/payments.parquet', file_row_number = TRUE);

CREATE OR REPLACE VIEW staged_payouts AS
SELECT
    payout_id,
    'payouts' AS file,
    file_row_number AS row_number,
    issued_on,
    status,
    currency,
    amount,
    NULL::VARCHAR AS charges,
    NULL::VARCHAR AS refunds,
    NULL::VARCHAR AS fees,
    NULL::VARCHAR AS adjustments,
    external_reference,
    NULL::TIMESTAMPTZ AS received_at
FROM read_parquet(getvariable('raw') || '/payouts.parquet', file_row_number = TRUE);

CREATE OR REPLACE VIEW staged_removals AS
SELECT
    order_id,
    getvariable('read_at') AS removed_at
FROM read_parquet(getvariable('raw') || '/removed_orders.parquet');

CREATE OR REPLACE VIEW staged_products AS
SELECT
    sku,
    name,
    category,
    unit_cost,
    updated_at
FROM (
    FROM read_parquet(getvariable('raw') || '/products.parquet')
    UNION ALL BY NAME
    SELECT NULL::VARCHAR AS unit_cost  -- optional
    WHERE FALSE
) AS products;

CREATE OR REPLACE VIEW staged_customers AS
SELECT
    email AS customer_email,
    customer_id,
    country_code,
    updated_at
FROM read_parquet(getvariable('raw') || '/customers.parquet');

CREATE OR REPLACE VIEW staged_rejects AS
SELECT
    file,
    row_number,
    reason,
    detail,
    raw
FROM read_parquet(getvariable('raw') || '/rejects.parquet')
UNION ALL
SELECT
    file,
    row_number,
    'order_rejected' AS reason,
    'order_id = ' || order_id AS detail,
    raw::VARCHAR AS raw
FROM unread_lines;

CREATE VIEW staged_rows_read AS
SELECT count(*) AS rows_read
FROM (
    SELECT 1 FROM read_parquet(getvariable('raw') || '/orders.parquet')
    UNION ALL
    SELECT 1 FROM read_parquet(getvariable('raw') || '/order_items.parquet')
    UNION ALL
    SELECT 1 FROM read_parquet(getvariable('raw') || '/refunds.parquet')
    UNION ALL
    SELECT 1 FROM read_parquet(getvariable('raw') || '/payments.parquet')
    UNION ALL
    SELECT 1 FROM read_parquet(getvariable('raw') || '/payouts.parquet')
    UNION ALL
    SELECT 1 FROM read_parquet(getvariable('raw') || '/rejects.parquet')
) AS records;
