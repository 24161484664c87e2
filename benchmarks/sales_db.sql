-- A shop's history for the benchmarks, into the schema of demo/schema.sql. Variables of psql:
--   days    how many days of history; the last is 2026-11-19 (UTC)
--   orders  orders per day, each with three lines; every fiftieth has a refund an hour later

-- Checking each line's foreign key would take longer than writing the line.
SET session_replication_role = replica;

INSERT INTO products (sku, name, category, updated_at)
SELECT 'SKU-' || n, 'Product ' || n, 'Category ' || n % 20, '2026-01-01Z'
FROM generate_series(1, 20000) AS n;

INSERT INTO customers (customer_id, email, country_code, created_at, updated_at)
SELECT 'C' || n, 'c' || n || '@example.com', (ARRAY['US', 'DE', 'FR'])[1 + n % 3], '2026-01-01Z', '2026-01-01Z'
FROM generate_series(1, 500000) AS n;

INSERT INTO orders
SELECT
    'SO-' || lpad(n::text, 9, '0'), 'C' || 1 + (n * 7919) % 500000,
    (ARRAY['completed', 'processing', 'refunded', 'cancelled'])[1 + n % 4], 'USD',
    (ARRAY['US', 'DE', 'FR'])[1 + n % 3], 4.95, CASE WHEN n % 10 = 0 THEN 'WELCOME' END, false,
    t, t + interval '5 minutes'
FROM generate_series(0, :days::bigint * :orders - 1) AS n,
    LATERAL (
        SELECT '2026-11-20Z'::timestamptz - make_interval(days => :days) + n * interval '1 day' / :orders AS t
    ) AS clock;

INSERT INTO order_items
SELECT
    'SO-' || lpad(n::text, 9, '0'), line, 'SKU-' || 1 + (n * 31 + line * 17) % 20000, 1 + (n + line) % 4,
    round((n * 7 + line * 13) % 20000 / 100.0, 2) + 0.99, CASE WHEN n % 5 = 0 THEN 1.50 ELSE 0 END,
    round((n * 7 + line * 13) % 2000 / 100.0, 2)
FROM generate_series(0, :days::bigint * :orders - 1) AS n, generate_series(1, 3) AS line;

INSERT INTO refunds
SELECT
    'R-' || n, 'SO-' || lpad((n * 50)::text, 9, '0'), 1, 1, 1 + n % 50, 'damaged', t, t
FROM generate_series(0, :days::bigint * :orders / 50 - 1) AS n,
    LATERAL (
        SELECT
            '2026-11-20Z'::timestamptz - make_interval(days => :days) + n * 50 * interval '1 day' / :orders
            + interval '1 hour' AS t
    ) AS clock;

VACUUM ANALYZE;
