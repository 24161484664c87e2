-- Agora (pages of orders) -> staged layout. Values are read as text. staged_columns.md describes the columns.

CREATE TABLE agora_orders AS
SELECT
    *,
    'orders/' || parse_filename(filename) AS file,
    row_number() OVER (ORDER BY filename, id) AS row_number
FROM read_json(
    getvariable('raw') || '/orders/*.json', format = 'array', filename = TRUE,
    columns = {
        id: 'VARCHAR', status: 'VARCHAR', currency: 'VARCHAR', country: 'VARCHAR', buyer_email: 'VARCHAR',
        shipping: 'VARCHAR', created_at: 'VARCHAR', updated_at: 'VARCHAR',
        lines: 'STRUCT(
      number VARCHAR, sku VARCHAR, title VARCHAR, quantity VARCHAR, price VARCHAR, discount VARCHAR, tax VARCHAR
    )[]',
        refunds: 'STRUCT(
      id VARCHAR, line VARCHAR, quantity VARCHAR, amount VARCHAR, tax VARCHAR, reason VARCHAR, created_at VARCHAR
    )[]'
    }
);

CREATE OR REPLACE VIEW staged_orders AS
SELECT
    id AS order_id,
    0::BIGINT AS version,
    file,
    row_number,
    status,
    currency,
    country AS country_code,
    buyer_email AS customer_email,
    NULL::VARCHAR AS customer_id,
    NULL::VARCHAR AS coupon_code,
    FALSE AS is_test,
    shipping AS shipping_amount,
    NULL::VARCHAR AS fee_amount,
    NULL::VARCHAR AS tax_amount,
    created_at AS ordered_at,
    updated_at,
    getvariable('read_at') AS received_at,
    named_attributes(to_json(agora_orders)) AS attributes
FROM agora_orders;

CREATE OR REPLACE VIEW staged_order_lines AS
SELECT
    id AS order_id,
    0::BIGINT AS version,
    line.number AS line_number,
    file || '#lines' AS file,
    row_number * 1000000 + position AS row_number,
    line.sku,
    line.title AS product_name,
    NULL::VARCHAR AS category,
    line.quantity,
    line.price AS unit_price,
    NULL::VARCHAR AS gross_amount,
    line.discount AS discount_amount,
    line.tax AS tax_amount,
    NULL::TIMESTAMPTZ AS line_updated_at
FROM (
    SELECT
        *,
        unnest(lines) AS line,
        generate_subscripts(lines, 1) AS position
    FROM agora_orders
) AS items;

CREATE OR REPLACE VIEW staged_refunds AS
SELECT
    refund.id AS refund_id,
    id AS order_id,
    refund.line AS line_number,
    file || '#refunds' AS file,
    row_number * 1000000 + position AS row_number,
    refund.quantity,
    refund.amount AS merchandise_amount,
    refund.tax AS tax_amount,
    NULL::VARCHAR AS shipping_amount,
    NULL::VARCHAR AS unallocated_amount,
    refund.reason,
    refund.created_at AS refunded_at
FROM (
    SELECT
        *,
        unnest(refunds) AS refund,
        generate_subscripts(refunds, 1) AS position
    FROM agora_orders
) AS items;

CREATE OR REPLACE VIEW staged_removals AS
SELECT
    order_id,
    getvariable('read_at') AS removed_at
FROM read_parquet(getvariable('raw') || '/removed_orders.parquet');

CREATE VIEW staged_rows_read AS
SELECT
    (SELECT count(*) FROM staged_orders) + (SELECT count(*) FROM staged_order_lines)
    + (SELECT count(*) FROM staged_refunds) AS rows_read;
