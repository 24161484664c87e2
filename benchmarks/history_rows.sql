-- DuckDB: lines $first to $last of an export, three to an order, over $months months that end with October 2026.
SELECT
    'H-' || (number // 3) AS order_id,
    number % 3 + 1 AS line_number,
    strftime(ordered_at, '%Y-%m-%dT%H:%M:%SZ') AS ordered_at,
    strftime(ordered_at + INTERVAL 2 DAY, '%Y-%m-%dT%H:%M:%SZ') AS updated_at,
    CASE WHEN number // 3 % 20 = 0 THEN 'cancelled' ELSE 'completed' END AS status,
    'SKU-' || (hash(number) % 20000) AS sku,
    'Product number ' || (hash(number) % 20000) || ', in a box' AS product_name,
    'Category ' || (hash(number) % 20) AS category,
    hash(number + 1) % 5 + 1 AS quantity,
    ((hash(number + 2) % 20000) / 100 + 1)::DECIMAL(10, 2) AS unit_price,
    CASE WHEN number % 7 = 0 THEN 0.5 ELSE 0 END AS discount_amount,
    (hash(number + 3) % 300 / 100)::DECIMAL(10, 2) AS tax_amount,
    'USD' AS currency,
    'customer' || (hash(number // 3) % 400000) || '@example.com' AS customer_email,
    ['US', 'CA', 'DE', 'GB'][(hash(number // 3) % 4 + 1)::BIGINT] AS country_code
FROM (
    SELECT
        number,
        TIMESTAMP '2026-11-01 00:00:00' - to_seconds((hash(number // 3) % ($months * 2629746))::BIGINT) AS ordered_at
    FROM range($first::BIGINT, $last::BIGINT) AS numbers (number)
) AS placed
