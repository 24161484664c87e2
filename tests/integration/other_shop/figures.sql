-- What the warehouse must say of one business day of that shop after its run, straight from its database, as one
-- JSON document. Nothing but yen can be converted: there is no exchange rate.
-- :day is the business day, :"zone" the shop's timezone.

CREATE TEMP VIEW day_window AS
SELECT
    date :'day' AS business_date,
    date :'day'::timestamp AT TIME ZONE :'zone' AS start,
    (date :'day' + 1)::timestamp AT TIME ZONE :'zone' AS next;

CREATE TEMP VIEW counted_orders AS
SELECT
    orders.*,
    coalesce(shipping_country::text, 'ZZ') AS country,
    coalesce(lower(trim(customers.email)), 'sales_db:' || orders.customer_id) AS person
FROM orders
LEFT JOIN customers USING (customer_id)
WHERE
    lower(status) IN ('completed', 'processing', 'shipped', 'delivered', 'refunded', 'partially_refunded')
    AND is_test IS NOT TRUE;

CREATE TEMP VIEW lines AS
SELECT
    order_id, line_number, quantity, quantity * unit_price AS gross, coalesce(discount_amount, 0) AS discount,
    coalesce(tax_amount, 0) AS tax, coalesce(nullif(trim(category), ''), 'uncategorised') AS category
FROM order_items
LEFT JOIN products USING (sku);

CREATE TEMP VIEW day_orders AS
SELECT counted_orders.* FROM counted_orders, day_window WHERE ordered_at >= start AND ordered_at < next;

CREATE TEMP VIEW day_refunds AS
SELECT
    refunds.order_id, refunds.amount, coalesce(lines.category, 'unallocated') AS category,
    coalesce(counted_orders.country, 'ZZ') AS country, coalesce(counted_orders.currency, 'JPY') AS currency
FROM refunds
CROSS JOIN day_window
LEFT JOIN counted_orders USING (order_id)
LEFT JOIN lines USING (order_id, line_number)
WHERE
    refunded_at >= start AND refunded_at < next
    AND (counted_orders.order_id IS NOT NULL OR NOT EXISTS (SELECT FROM orders WHERE orders.order_id = refunds.order_id));

-- The orders this run knows: the day's own, and those that changed or were refunded on it.
CREATE TEMP VIEW known_orders AS
SELECT counted_orders.*
FROM counted_orders, day_window
WHERE
    ordered_at >= start AND ordered_at < next
    OR updated_at >= start AND updated_at < next
    OR order_id IN (
        SELECT order_id FROM refunds
        WHERE refunded_at >= start AND refunded_at < next OR refunds.updated_at >= start AND refunds.updated_at < next
    );

SELECT json_build_object(
    'daily_summary', (
        SELECT json_build_object(
            'business_date', business_date,
            'orders', (SELECT count(*) FROM day_orders),
            'units', (SELECT sum(quantity) FROM day_orders JOIN lines USING (order_id)),
            'customers', (SELECT count(DISTINCT person) FROM day_orders),
            'gross_sales', gross,
            'discounts', discount,
            'returns', returned,
            'net_sales', gross - discount - returned,
            'tax', tax,
            'shipping', (SELECT sum(shipping_amount) FROM day_orders WHERE currency = 'JPY'),
            'average_order_value',
            round((gross - discount) / (SELECT count(*) FROM day_orders WHERE currency = 'JPY'), 4),
            'new_customers', (
                SELECT count(*)
                FROM (SELECT min(ordered_at) AS first FROM known_orders WHERE person IS NOT NULL GROUP BY person) AS people
                WHERE first >= start AND first < next
            ),
            'unconverted_orders', (SELECT count(*) FROM day_orders WHERE currency <> 'JPY'),
            'complete', true,
            'missing_sources', json_build_array(),
            'empty_sources', json_build_array()
        )
        FROM
            day_window,
            (
                SELECT sum(gross) AS gross, sum(discount) AS discount, sum(tax) AS tax
                FROM day_orders
                JOIN lines USING (order_id)
                WHERE currency = 'JPY'
            ) AS sold,
            (SELECT sum(amount) AS returned FROM day_refunds WHERE currency = 'JPY') AS refunded
    ),
    'daily_sales', (
        SELECT json_agg(sales)
        FROM (
            SELECT
                (SELECT business_date FROM day_window) AS business_date, 'sales_db' AS source,
                'sales_db' AS channel, category,
                country AS country_code, currency, count(gross) AS order_lines, coalesce(sum(quantity), 0) AS units,
                coalesce(sum(gross), 0) AS gross_sales, coalesce(sum(discount), 0) AS discounts,
                coalesce(sum(amount), 0) AS returns,
                coalesce(sum(gross), 0) - coalesce(sum(discount), 0) - coalesce(sum(amount), 0) AS net_sales
            FROM (
                SELECT category, country, currency, quantity, gross, discount, NULL::numeric AS amount
                FROM day_orders
                JOIN lines USING (order_id)
                UNION ALL
                SELECT category, country, currency, NULL, NULL, NULL, amount FROM day_refunds
            ) AS moves
            GROUP BY category, country, currency
        ) AS sales
    ),
    'status_counts', (
        SELECT json_object_agg(status, orders)
        FROM (
            SELECT lower(status) AS status, count(*) AS orders
            FROM orders, day_window
            WHERE ordered_at >= start AND ordered_at < next
            GROUP BY lower(status)
        ) AS statuses
    )
);
