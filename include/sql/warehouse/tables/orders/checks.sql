{% from "warehouse/macros/implausible.sql" import tolerance with context %}
{% from "warehouse/macros/low_order_counts.sql" import low_order_counts with context %}
{% from "warehouse/macros/unreturned_orders.sql" import unreturned_orders with context %}
SELECT
    'orders: one row per order' AS check_name,
    'error' AS severity,
    CONCAT(source, ' ', order_id) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.orders`
WHERE {{ days("business_date") }}
GROUP BY source, order_id
HAVING COUNT(*) > 1

UNION ALL
-- An export contains orders of a live source, or was loaded under two names. Comparing the amount excludes orders of
-- two sources that use the same numbers; two live shops may also sell at one price.
SELECT
    'orders: no order is stored under two sources' AS check_name,
    'warn' AS severity,
    CONCAT(orders.order_id, ' of ', orders.source, ' and ', others.source) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.orders` AS orders
INNER JOIN `sales.orders` AS others
    ON
        orders.business_date = others.business_date
        AND orders.order_id = others.order_id
        AND orders.gross_amount = others.gross_amount
        AND orders.currency = others.currency
WHERE
    {{ days("orders.business_date") }}
    AND {{ days("others.business_date") }}
    AND (
        orders.ordered_at = others.ordered_at
        OR orders.source NOT IN ({{ sources }})
        OR others.source NOT IN ({{ sources }})
    )
    AND orders.source < others.source
    AND orders.is_sale
    AND others.is_sale
    AND orders.gross_amount > 0

UNION ALL
SELECT
    'orders: key and currency are not empty' AS check_name,
    'error' AS severity,
    CONCAT(COALESCE(source, '?'), ' ', COALESCE(order_id, '?')) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.orders`
WHERE
    {{ days("business_date") }}
    AND (COALESCE(source, '') = '' OR COALESCE(order_id, '') = '' OR COALESCE(currency, '') = '')

UNION ALL
SELECT
    'orders: each is stored under the shop day of its creation' AS check_name,
    'error' AS severity,
    CONCAT(source, ' ', order_id, ' of ', CAST(ordered_at AS STRING)) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.orders`
WHERE
    {{ days("business_date") }}
    AND business_date <> DATE(ordered_at, {{ shop_timezone }})

UNION ALL
SELECT
    'orders: none is dated in the future' AS check_name,
    'warn' AS severity,
    CONCAT(source, ' ', order_id, ' of ', CAST(ordered_at AS STRING)) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.orders`
WHERE
    {{ days("business_date") }}
    AND ordered_at > TIMESTAMP_ADD(read_at, INTERVAL 1 DAY)

UNION ALL
SELECT
    'orders: amounts are the sums of the lines' AS check_name,
    'error' AS severity,
    CONCAT(orders.source, ' ', orders.order_id) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.orders` AS orders
LEFT JOIN (
    SELECT
        source,
        order_id,
        business_date,
        COUNT(*) AS lines,
        SUM(gross_amount) AS gross_amount,
        SUM(discount_amount) AS discount_amount
    FROM `sales.order_lines`
    WHERE {{ days("business_date") }}
    GROUP BY source, order_id, business_date
) AS sums
    ON
        orders.source = sums.source
        AND orders.order_id = sums.order_id
        AND orders.business_date = sums.business_date
WHERE
    {{ days("orders.business_date") }}
    AND (
        orders.item_count <> COALESCE(sums.lines, 0)
        OR orders.gross_amount <> COALESCE(sums.gross_amount, 0)
        OR orders.discount_amount <> COALESCE(sums.discount_amount, 0)
    )

UNION ALL
-- Only of the day of the run: other days that it loaded orders of are checked by their own runs.
SELECT
    'orders: no source is unusually empty' AS check_name,
    'warn' AS severity,
    CONCAT(
        name, ' has no orders on ', CAST(business_date AS STRING), ' and had ', CAST(usual AS STRING),
        ' on average on comparable days'
    ) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM (
{{ low_order_counts(run_day) }}
) AS low_counts
WHERE is_empty

UNION ALL
SELECT
    'orders: sources still return the stored orders of the day' AS check_name,
    'warn' AS severity,
    CONCAT(source, ': ', CAST(unreturned AS STRING), ' of ', CAST(orders AS STRING), ' orders') AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM (
{{ unreturned_orders(run_day) }}
) AS returned

UNION ALL
-- By transform/orders/order_status.sql, which has one status a line; NULL for one that it does not list. A list that was
-- changed after the load counts as well: the stored orders are counted by the former list.
SELECT
    'orders: each is counted by the list of statuses' AS check_name,
    'warn' AS severity,
    CONCAT(COALESCE(status, 'no status'), ', ', source, ' order ', order_id) AS sample,
    business_date AS failed_on,
    run_id AS loaded_by
FROM `sales.orders`
WHERE
    {{ days("business_date") }}
    AND CASE status
        WHEN '' THEN FALSE
        {% set order_status %}{% include "transform/orders/order_status.sql" %}{% endset %}
        {% for line in order_status.splitlines() if line.strip().startswith("('") %}
        WHEN '{{ line.split("'")[1] }}' THEN {{ line.split("'")[2].split(",")[1] | trim }}
        {% endfor %}
    END IS DISTINCT FROM is_sale

UNION ALL
-- WooCommerce can list no refunds of an order with this status. Later refunds than that are not looked for.
-- Delivered files and exports have no refunds.
SELECT
    'orders: each refunded order has a refund' AS check_name,
    'warn' AS severity,
    CONCAT(orders.source, ' order ', orders.order_id) AS sample,
    orders.business_date AS failed_on,
    orders.run_id AS loaded_by
FROM `sales.orders` AS orders
LEFT JOIN `sales.refunds` AS refunds
    ON
        orders.source = refunds.source
        AND orders.order_id = refunds.order_id
        AND {{ days("refunds.business_date", after=400) }}
WHERE
    {{ days("orders.business_date") }}
    AND orders.source IN ({{ sources }})
    AND orders.source NOT IN (SELECT delivered.source FROM `sales.loaded_files` AS delivered)
    AND orders.status = 'refunded'
    AND NOT orders.is_test
    AND orders.gross_amount > orders.discount_amount
    AND refunds.order_id IS NULL

UNION ALL
SELECT
    'orders: no shipping is negative' AS check_name,
    'warn' AS severity,
    CONCAT(
        source, ' order ', order_id, ': shipping ', FORMAT('%.2f', shipping_amount), ' ', currency
    ) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.orders`
WHERE
    business_date = {{ business_date }}
    AND is_sale
    AND NOT is_test
    AND -shipping_amount > {{ tolerance("gross_amount") }}
