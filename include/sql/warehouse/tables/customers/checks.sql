SELECT
    'customers: one row per customer' AS check_name,
    'error' AS severity,
    SUBSTR(customer_hash, 1, 12) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.customers`
GROUP BY customer_hash
HAVING COUNT(*) > 1

UNION ALL
SELECT
    'customers: every customer with an order is listed since the first order' AS check_name,
    'error' AS severity,
    CONCAT(orders.source, ' ', orders.order_id) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.orders` AS orders
LEFT JOIN `sales.customers` AS customers
    ON orders.customer_hash = customers.customer_hash
WHERE
    {{ days("orders.business_date") }}
    AND orders.customer_hash IS NOT NULL
    AND orders.is_sale
    AND NOT orders.is_test
    AND (customers.first_ordered_at IS NULL OR customers.first_ordered_at > orders.ordered_at)
