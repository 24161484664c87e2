-- A shop of somebody else: it sells in Japan, in yen, and its database has the documented columns in an order, with
-- neighbours and with habits of its own. Six days of March 2025 (business days of Tokyo), 5,000 orders each.

CREATE TABLE customers (
    loyalty_points integer DEFAULT 0,
    customer_id text PRIMARY KEY,
    email text,
    country_code char(2),
    created_at timestamptz,
    updated_at timestamptz
);
CREATE TABLE products (
    sku text PRIMARY KEY, name text, category text, image_url text, updated_at timestamptz, weight_grams integer
);
CREATE TABLE orders (
    order_id text PRIMARY KEY,
    internal_note text,
    customer_id text,
    status text,
    currency char(3),
    shipping_country char(2),
    shipping_amount numeric(14, 2),
    coupon_code text,
    is_test boolean,
    ordered_at timestamptz,
    updated_at timestamptz
);
CREATE TABLE order_items (
    order_id text,
    line_number integer,
    sku text,
    quantity integer,
    unit_price numeric(14, 4),
    discount_amount numeric(14, 2),
    tax_amount numeric(14, 2),
    PRIMARY KEY (order_id, line_number)
);
CREATE TABLE refunds (
    refund_id text PRIMARY KEY,
    order_id text,
    line_number integer,
    quantity integer,
    amount numeric(14, 2),
    reason text,
    refunded_at timestamptz,
    updated_at timestamptz
);
CREATE TABLE audit_trail (id serial PRIMARY KEY, what text);

-- A quarter of the customers gave no address; two accounts can belong to one person, who typed it differently.
INSERT INTO customers (customer_id, email, country_code, created_at, updated_at)
SELECT
    'K' || n,
    CASE WHEN n % 4 > 0 THEN CASE WHEN n % 2 = 0 THEN ' Kaeufer' ELSE 'kaeufer' END || n / 2 || '@Shop.Example' END,
    (ARRAY['JP', 'JP', 'KR', 'TW'])[1 + n % 4],
    timestamptz '2024-01-01 00:00+09',
    timestamptz '2025-03-01 00:00+09' + n * interval '1 minute'
FROM generate_series(1, 4000) AS n;

-- Articles P190 to P199 are sold and unknown; some have no category, one a blank one.
INSERT INTO products (sku, name, category, updated_at)
SELECT
    'P' || n,
    'Article ' || n || CASE WHEN n % 9 = 0 THEN E' "large"\nwith, comma; and ''quotes''' ELSE '' END,
    CASE WHEN n % 17 = 5 THEN NULL WHEN n = 3 THEN ' ' ELSE (ARRAY['器', 'Tea', 'Paper & ink'])[1 + n % 3] END,
    timestamptz '2025-02-01 00:00+09'
FROM generate_series(0, 189) AS n;

INSERT INTO orders (
    order_id, customer_id, status, currency, shipping_country, shipping_amount, coupon_code, is_test, ordered_at,
    updated_at
)
SELECT
    '#' || lpad(n::text, 8, '0'),
    CASE WHEN n % 11 = 0 THEN NULL WHEN n % 97 = 0 THEN 'gone-' || n % 9 ELSE 'K' || 1 + n * 7919 % 4000 END,
    (ARRAY['completed', 'Processing', 'SHIPPED', 'delivered', 'refunded', 'cancelled', 'pending', 'gift-wrapping'])
        [1 + n * 31 % 8],
    CASE WHEN n % 25 = 0 THEN 'USD' ELSE 'JPY' END,
    CASE WHEN n % 13 > 0 THEN (ARRAY['JP', 'KR', 'TW'])[1 + n % 3] END,
    CASE WHEN n % 5 = 0 THEN NULL WHEN n % 3 = 0 THEN 500 ELSE 0 END,
    CASE WHEN n % 8 = 0 THEN 'HARU' || n % 3 END,
    CASE WHEN n % 50 = 1 THEN NULL ELSE n % 53 = 0 END,
    placed.at,
    placed.at + CASE WHEN n % 6 = 0 THEN n % 40 * interval '1 hour' ELSE interval '0' END
FROM
    generate_series(1, 30000) AS n,
    LATERAL (
        -- With microseconds, and exactly at a midnight of Tokyo now and then.
        SELECT timestamptz '2025-03-03 00:00+09' + CASE
            WHEN n % 500 = 0 THEN n / 5000 * interval '1 day'
            ELSE n::bigint * 104729 % 518400 * interval '1 second' + n * interval '1 microsecond'
        END AS at
    ) AS placed;

-- One order in 40 has no items.
INSERT INTO order_items
SELECT
    '#' || lpad(n::text, 8, '0'),
    line,
    CASE WHEN (n + line) % 60 = 0 THEN NULL ELSE 'P' || (n * 13 + line * 7) % 200 END,
    1 + (n * line) % 5,
    CASE WHEN n % 7 = 0 THEN 120.5125 ELSE 100 * (1 + (n + line) % 90) END,
    CASE WHEN n % 4 = 0 THEN 10 * line ELSE 0 END,
    CASE WHEN n % 10 = 0 THEN NULL ELSE (n + line) % 300 END
FROM generate_series(1, 30000) AS n, generate_series(1, 1 + n % 4) AS line
WHERE n % 40 > 0;

-- Refunds of a line, of a whole order, and of orders that are long gone; some booked a day after they were made.
INSERT INTO refunds
SELECT
    'R' || n,
    CASE WHEN n % 420 = 0 THEN 'archived-' || n ELSE '#' || lpad(n::text, 8, '0') END,
    CASE WHEN n % 63 = 0 THEN NULL ELSE 1 END,
    1,
    40 + n % 200 + 0.25,
    CASE WHEN n % 42 = 0 THEN 'ask ann@shop.example' ELSE 'damaged' END,
    made.at,
    made.at + CASE WHEN n % 105 = 0 THEN interval '26 hours' ELSE interval '0' END
FROM
    generate_series(21, 30000, 21) AS n,
    LATERAL (SELECT timestamptz '2025-03-03 06:00+09' + n::bigint * 7907 % 500000 * interval '1 second' AS at) AS made;
