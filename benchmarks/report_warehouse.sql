-- Sales of {days} days in USD as after a load: two lines per order, 5,000 products in 20 categories, 25 countries.
INSERT INTO {dataset}.order_lines (
    source, order_id, line_number, business_date, channel, sku, product_name, category, quantity, unit_price,
    gross_amount, discount_amount, amount_after_discount, tax_amount, currency, status, is_sale, is_test,
    customer_hash, country_code, ordered_at, read_at, run_id
)
SELECT
    'sales_db',
    CAST(DIV(line, 2) AS STRING),
    1 + MOD(line, 2),
    DATE_ADD(DATE '{first}', INTERVAL MOD(DIV(line, 2), {days}) DAY),
    'sales_db',
    CONCAT('sku-', CAST(MOD(line * 7919, 5000) AS STRING)),
    CONCAT('Product ', CAST(MOD(line * 7919, 5000) AS STRING)),
    CONCAT('Category ', CAST(MOD(MOD(line * 7919, 5000), 20) AS STRING)),
    NUMERIC '1',
    CAST(10 + MOD(line * 7919, 5000) / 50 AS NUMERIC),
    CAST(10 + MOD(line * 7919, 5000) / 50 AS NUMERIC),
    NUMERIC '1',
    CAST(9 + MOD(line * 7919, 5000) / 50 AS NUMERIC),
    NUMERIC '0',
    'USD',
    'completed',
    TRUE,
    FALSE,
    CAST(MOD(line * 31, 200000) AS STRING),
    CONCAT(SUBSTR('ABCDEFGHIJKLMNOPQRSTUVWXY', 1 + MOD(DIV(line, 2), 25), 1), 'E'),
    TIMESTAMP_ADD(
        TIMESTAMP '{first} 12:00:00+00', INTERVAL MOD(DIV(line, 2), {days}) * 86400 + MOD(line, 36000) SECOND
    ),
    TIMESTAMP '{first} 12:00:00+00',
    'benchmark'
FROM UNNEST(GENERATE_ARRAY(0, {lines} - 1)) AS line;

INSERT INTO {dataset}.orders (
    source, order_id, business_date, channel, status, is_sale, is_test, currency, country_code, customer_hash,
    item_count, gross_amount, discount_amount, tax_amount, shipping_amount, fee_amount, ordered_at, read_at, run_id
)
SELECT
    source,
    order_id,
    business_date,
    'sales_db',
    'completed',
    TRUE,
    FALSE,
    'USD',
    MIN(country_code),
    MIN(customer_hash),
    COUNT(*),
    SUM(gross_amount),
    SUM(discount_amount),
    NUMERIC '0',
    NUMERIC '5',
    NUMERIC '0',
    MIN(ordered_at),
    MIN(read_at),
    'benchmark'
FROM {dataset}.order_lines
WHERE business_date >= '{first}'
GROUP BY source, order_id, business_date;

INSERT INTO {dataset}.refunds (
    source, refund_id, line_number, business_date, channel, order_id, order_business_date, sku, category,
    country_code, currency, quantity, merchandise_amount, tax_amount, shipping_amount, reason, is_sale, is_test,
    refunded_at, read_at, run_id
)
SELECT
    source,
    CONCAT('r', order_id),
    line_number,
    business_date,
    channel,
    order_id,
    business_date,
    sku,
    category,
    country_code,
    currency,
    NUMERIC '1',
    NUMERIC '5',
    NUMERIC '0',
    NUMERIC '0',
    CONCAT('reason ', CAST(MOD(LENGTH(sku) + line_number, 5) AS STRING)),
    TRUE,
    FALSE,
    ordered_at,
    read_at,
    run_id
FROM {dataset}.order_lines
WHERE
    business_date >= '{first}'
    AND MOD(CAST(order_id AS INT64), 20) = 0
    AND line_number = 1;

INSERT INTO {dataset}.daily_sales (
    business_date, source, channel, category, country_code, currency, order_lines, units,
    gross_sales, discounts, returns, net_sales,
    gross_sales_reporting, discounts_reporting, returns_reporting, net_sales_reporting
)
SELECT
    business_date,
    source,
    channel,
    category,
    country_code,
    currency,
    COUNT(*),
    SUM(quantity),
    SUM(gross_amount),
    SUM(discount_amount),
    NUMERIC '0',
    SUM(amount_after_discount),
    SUM(gross_amount),
    SUM(discount_amount),
    NUMERIC '0',
    SUM(amount_after_discount)
FROM {dataset}.order_lines
WHERE business_date >= '{first}'
GROUP BY business_date, source, channel, category, country_code, currency;

INSERT INTO {dataset}.daily_summary (
    business_date, orders, units, customers, gross_sales, discounts, returns, net_sales, tax, shipping,
    average_order_value, new_customers, unconverted_orders, complete
)
SELECT
    business_date,
    DIV(SUM(order_lines), 2),
    SUM(units),
    DIV(SUM(order_lines), 2),
    SUM(gross_sales),
    SUM(discounts),
    NUMERIC '0',
    SUM(net_sales),
    NUMERIC '0',
    NUMERIC '0',
    SUM(net_sales) / DIV(SUM(order_lines), 2),
    0,
    0,
    TRUE
FROM {dataset}.daily_sales
WHERE business_date >= '{first}'
GROUP BY business_date;

INSERT INTO {dataset}.load_audit (business_date, source, run_id, read_at, status)
SELECT
    business_date,
    source,
    'benchmark',
    TIMESTAMP_ADD(TIMESTAMP(business_date), INTERVAL 30 HOUR),
    'success'
FROM {dataset}.daily_summary
CROSS JOIN UNNEST(['sales_db', 'storefront', 'partner_files', 'exchange_rates']) AS source;
