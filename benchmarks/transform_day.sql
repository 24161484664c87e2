-- A business day as the extracts leave it, $lines order lines: five of them make two orders. Everything follows from the
-- row's number. One line in a hundred is unusable.

CREATE MACRO part(number, salt, below) AS (hash(number * 31 + salt) % below)::BIGINT;

CREATE TABLE customers AS
SELECT
    'C' || lpad(i::VARCHAR, 9, '0') AS customer_id,
    'customer.' || i || '@example.com' AS email,
    ['US', 'DE', 'FR', 'GB'][1 + part(i, 1, 4)] AS country_code,
    TIMESTAMPTZ '2026-01-01 00:00:00+00' AS updated_at
FROM range(getvariable('lines') * 3 // 10) AS numbers (i);

CREATE TABLE products AS
SELECT
    'SKU-' || i AS sku,
    'Product number ' || i AS name,
    'category ' || (i % 40) AS category,
    TIMESTAMPTZ '2026-01-01 00:00:00+00' AS updated_at
FROM range(20000) AS numbers (i);

CREATE TABLE orders AS
SELECT
    'O' || lpad(i::VARCHAR, 12, '0') AS order_id,
    'C' || lpad(part(i, 2, getvariable('lines') * 3 // 10)::VARCHAR, 9, '0') AS customer_id,
    ['completed', 'processing', 'shipped', 'cancelled', 'refunded'][1 + part(i, 3, 5)] AS status,
    ['USD', 'EUR'][1 + part(i, 4, 2)] AS currency,
    ['US', 'DE', 'FR', 'GB'][1 + part(i, 5, 4)] AS shipping_country,
    (part(i, 6, 1000) * 0.01)::DECIMAL(18, 4) AS shipping_amount,
    CASE WHEN i % 10 = 0 THEN 'SAVE10' END AS coupon_code,
    i % 500 = 0 AS is_test,
    TIMESTAMPTZ '2026-11-19 05:00:00+00' + to_microseconds(part(i, 7, 86400000000)) AS ordered_at,
    ordered_at + INTERVAL 1 HOUR AS updated_at
FROM range(getvariable('lines') * 2 // 5) AS numbers (i);

CREATE TABLE order_items AS
SELECT
    'O' || lpad((i // 5 * 2 + (i % 5 > 2)::INT)::VARCHAR, 12, '0') AS order_id,
    (CASE WHEN i % 5 > 2 THEN i % 5 - 2 ELSE i % 5 + 1 END)::INTEGER AS line_number,
    'SKU-' || part(i, 8, 20000) AS sku,
    (CASE WHEN i % 100 = 7 THEN 0 ELSE 1 + part(i, 9, 4) END)::INTEGER AS quantity,
    (part(i, 10, 100000) * 0.01)::DECIMAL(18, 4) AS unit_price,
    (CASE WHEN i % 7 = 0 THEN part(i, 11, 100) * 0.01 ELSE 0 END)::DECIMAL(18, 4) AS discount_amount,
    (part(i, 12, 1000) * 0.01)::DECIMAL(18, 4) AS tax_amount
FROM range(getvariable('lines')) AS numbers (i);

CREATE TABLE refunds AS
SELECT
    'R' || i AS refund_id,
    'O' || lpad((i * 20)::VARCHAR, 12, '0') AS order_id,
    1 AS line_number,
    1 AS quantity,
    5::DECIMAL(18, 4) AS amount,
    'arrived broken' AS reason,
    TIMESTAMPTZ '2026-11-19 20:00:00+00' AS refunded_at,
    refunded_at AS updated_at
FROM range(getvariable('lines') // 50) AS numbers (i);

CREATE VIEW removed_orders AS
SELECT
    order_id,
    '' AS file,
    updated_at AS received_at
FROM orders
WHERE FALSE;

CREATE VIEW unread_orders AS
SELECT NULL::VARCHAR AS order_id
WHERE FALSE;

CREATE VIEW rejects AS
SELECT
    0::BIGINT AS row_number,
    '' AS reason,
    '' AS detail,
    '' AS file,
    '' AS raw
WHERE FALSE;

CREATE TABLE payments AS
SELECT
    'P' || order_id AS payment_id,
    order_id,
    'charge' AS kind,
    'stripe' AS gateway,
    currency,
    100::DECIMAL(18, 4) AS amount,
    3::DECIMAL(18, 4) AS fee_amount,
    'PO1' AS payout_id,
    FALSE AS is_test,
    ordered_at AS processed_at,
    updated_at
FROM orders;

CREATE VIEW payouts AS
SELECT
    'PO1' AS payout_id,
    '2026-11-20' AS issued_on,
    'paid' AS status,
    'USD' AS currency,
    1000::DECIMAL(18, 4) AS amount,
    NULL::VARCHAR AS external_reference,
    TIMESTAMPTZ '2026-11-20 10:00:00+00' AS updated_at;
