-- The checks of the pipeline, written for the sales database's layout alone: typed values with reasons, repeated orders
-- and lines, rejected rows, hashes of customers, refunds and totals. The last statement returns the totals.

CREATE TABLE hashed_customers AS
SELECT
    customer_id,
    country_code,
    updated_at,
    sha256(
        getvariable('outer_key') || unhex(sha256(getvariable('inner_key') || encode(lower(trim(email)))))
    ) AS customer_hash
FROM read_parquet(getvariable('raw') || '/customers.parquet');

CREATE VIEW judged_lines AS
SELECT
    *,
    CASE WHEN quantity > 0 AND unit_price >= 0 THEN (quantity * unit_price)::DECIMAL(18, 4) END AS gross_amount,
    CASE
        WHEN order_id IS NULL THEN 'missing_value order_id'
        WHEN line_number IS NULL THEN 'missing_value line_number'
        WHEN line_number < 0 THEN 'invalid_number line_number'
        WHEN quantity IS NULL THEN 'missing_value quantity'
        WHEN quantity >= 10000000 THEN 'too_many_digits quantity'
        WHEN quantity <= 0 THEN 'invalid_quantity quantity'
        WHEN unit_price IS NULL THEN 'missing_value unit_price'
        WHEN abs(unit_price) >= 10000000000 THEN 'too_many_digits unit_price'
        WHEN abs(discount_amount) >= 100000000000 THEN 'too_many_digits discount_amount'
        WHEN abs(tax_amount) >= 100000000000 THEN 'too_many_digits tax_amount'
        WHEN unit_price < 0 THEN 'negative_price unit_price'
        WHEN quantity * unit_price >= 100000000000 THEN 'too_many_digits gross_amount'
        WHEN regexp_matches(sku, '[@%&\\[:cntrl:]]') THEN 'unsafe sku'
    END AS fault
FROM read_parquet(getvariable('raw') || '/order_items.parquet', file_row_number = TRUE);

CREATE TABLE repeated_lines AS
SELECT
    order_id,
    line_number,
    max(file_row_number) AS newest
FROM judged_lines
WHERE fault IS NULL
GROUP BY order_id, line_number
HAVING count(*) > 1;

CREATE VIEW valid_lines AS
SELECT judged_lines.*
FROM judged_lines
LEFT JOIN repeated_lines USING (order_id, line_number)
WHERE fault IS NULL AND (newest IS NULL OR newest = file_row_number);

CREATE VIEW judged_orders AS
SELECT
    *,
    CASE
        WHEN coalesce(order_id, '') = '' THEN 'missing_value order_id'
        WHEN ordered_at IS NULL THEN 'missing_value ordered_at'
        WHEN
            ordered_at NOT BETWEEN TIMESTAMPTZ '2000-01-01 00:00:00+00' AND getvariable('read_at') + INTERVAL 1 DAY
            THEN 'timestamp_out_of_range ordered_at'
        WHEN NOT regexp_full_match(coalesce(currency, ''), '[A-Za-z]{3}') THEN 'invalid_currency currency'
        WHEN abs(shipping_amount) >= 100000000000 THEN 'too_many_digits shipping_amount'
        WHEN regexp_matches(order_id, '[@%&\\[:cntrl:]]') THEN 'unsafe order_id'
    END AS fault
FROM read_parquet(getvariable('raw') || '/orders.parquet', file_row_number = TRUE);

CREATE TABLE left_out_orders AS
SELECT
    order_id,
    file_row_number,
    fault
FROM judged_orders
WHERE fault IS NOT NULL
UNION ALL
SELECT
    order_id,
    file_row_number,
    'duplicate order_id'
FROM judged_orders
SEMI JOIN (
    SELECT order_id
    FROM judged_orders
    GROUP BY order_id
    HAVING count(*) > 1
) AS repeated USING (order_id)
WHERE fault IS NULL
QUALIFY row_number() OVER (PARTITION BY order_id ORDER BY updated_at DESC) > 1;

COPY (
    SELECT
        'sales_db' AS source,
        orders.order_id,
        (orders.ordered_at AT TIME ZONE getvariable('shop_timezone'))::DATE AS business_date,
        'sales_db' AS channel,
        lower(orders.status) AS status,
        orders.status IN (
            'processing', 'completed', 'shipped', 'delivered', 'refunded', 'partially_refunded'
        ) AS is_sale,
        orders.is_test,
        upper(orders.currency) AS currency,
        upper(orders.shipping_country) AS country_code,
        customers.customer_hash,
        orders.coupon_code,
        coalesce(sums.item_count, 0) AS item_count,
        coalesce(sums.gross_amount, 0)::DECIMAL(18, 4) AS gross_amount,
        coalesce(sums.discount_amount, 0)::DECIMAL(18, 4) AS discount_amount,
        coalesce(sums.tax_amount, 0)::DECIMAL(18, 4) AS tax_amount,
        orders.shipping_amount,
        0::DECIMAL(18, 4) AS fee_amount,
        orders.ordered_at,
        orders.updated_at,
        getvariable('read_at') AS read_at,
        'benchmark' AS run_id
    FROM judged_orders AS orders
    LEFT JOIN (
        SELECT
            order_id,
            count(*) AS item_count,
            sum(gross_amount) AS gross_amount,
            sum(discount_amount) AS discount_amount,
            sum(tax_amount) AS tax_amount
        FROM valid_lines
        GROUP BY order_id
    ) AS sums USING (order_id)
    LEFT JOIN hashed_customers AS customers USING (customer_id)
    ANTI JOIN left_out_orders USING (file_row_number)
) TO (getvariable('target') || '/orders.parquet') (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 61440);

CREATE VIEW orders AS
FROM read_parquet(getvariable('target') || '/orders.parquet');

COPY (
    SELECT
        lines.order_id,
        lines.line_number,
        lines.sku,
        products.name AS product_name,
        coalesce(products.category, 'uncategorised') AS category,
        lines.quantity::DECIMAL(18, 4) AS quantity,
        lines.unit_price,
        lines.gross_amount,
        lines.discount_amount,
        lines.gross_amount - lines.discount_amount AS amount_after_discount,
        lines.tax_amount,
        NULL::DECIMAL(18, 4) AS cost_amount,
        orders.* EXCLUDE (
            order_id, coupon_code, item_count, gross_amount, discount_amount, tax_amount, shipping_amount, fee_amount
        )
    FROM valid_lines AS lines
    INNER JOIN orders USING (order_id)
    LEFT JOIN read_parquet(getvariable('raw') || '/products.parquet') AS products USING (sku)
) TO (getvariable('target') || '/order_lines.parquet') (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 61440);

CREATE VIEW order_lines AS
FROM read_parquet(getvariable('target') || '/order_lines.parquet');

COPY (
    SELECT
        refunds.*,
        lines.sku,
        coalesce(lines.category, 'unallocated') AS category,
        orders.business_date AS order_business_date,
        orders.country_code,
        orders.currency,
        orders.is_sale,
        orders.is_test,
        coalesce(refunds.amount < 0, TRUE) OR refunds.refund_id IS NULL OR refunds.refunded_at IS NULL AS is_invalid
    FROM read_parquet(getvariable('raw') || '/refunds.parquet') AS refunds
    LEFT JOIN orders USING (order_id)
    LEFT JOIN (
        FROM order_lines
        SEMI JOIN read_parquet(getvariable('raw') || '/refunds.parquet') AS refunded USING (order_id)
    ) AS lines USING (order_id, line_number)
) TO (getvariable('target') || '/refunds.parquet') (FORMAT parquet, COMPRESSION zstd);

COPY (
    SELECT
        customer_hash,
        any_value(country_code) AS country_code,
        max(updated_at) AS updated_at
    FROM hashed_customers
    GROUP BY customer_hash
) TO (getvariable('target') || '/customers.parquet') (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 61440);

COPY (
    SELECT
        order_id,
        read_at
    FROM orders
) TO (getvariable('target') || '/order_versions.parquet') (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 61440);

COPY (
    SELECT
        'orders' AS file,
        file_row_number,
        order_id,
        split_part(fault, ' ', 1) AS reason,
        split_part(fault, ' ', 2) AS detail,
        NULL AS raw
    FROM left_out_orders
    UNION ALL
    SELECT
        'order_items',
        file_row_number,
        order_id,
        split_part(fault, ' ', 1),
        split_part(fault, ' ', 2),
        to_json(lines)
    FROM judged_lines AS lines
    WHERE fault IS NOT NULL
    UNION ALL
    SELECT
        'order_items',
        lines.file_row_number,
        order_id,
        'duplicate_line',
        'line_number',
        to_json(lines)
    FROM judged_lines AS lines
    INNER JOIN repeated_lines USING (order_id, line_number)
    WHERE lines.fault IS NULL AND lines.file_row_number <> repeated_lines.newest
    UNION ALL
    SELECT
        'order_items',
        lines.file_row_number,
        lines.order_id,
        'order_rejected',
        'order_id',
        to_json(lines)
    FROM valid_lines AS lines
    ANTI JOIN orders USING (order_id)
) TO (getvariable('target') || '/rejected_rows.parquet') (FORMAT parquet, COMPRESSION zstd);

COPY (
    SELECT
        currency,
        sum(gross_amount) AS loaded_amount
    FROM order_lines
    GROUP BY currency
) TO (getvariable('target') || '/control_totals.parquet') (FORMAT parquet, COMPRESSION zstd);

SELECT
    (SELECT sum(gross_amount) FROM order_lines) AS amount,
    (SELECT count(*) FROM orders) AS orders,
    (
        SELECT map_from_entries(list(row(reason, records)))
        FROM (
            SELECT
                reason,
                count(*) AS records
            FROM read_parquet(getvariable('target') || '/rejected_rows.parquet')
            GROUP BY reason
        ) AS reasons
    ) AS rejected;
