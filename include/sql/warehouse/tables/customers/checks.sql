{% from "warehouse/macros/check.sql" import check %}
{% call check("customers: one row per customer", "error") %}
SELECT SUBSTR(customer_hash, 1, 12) AS sample
FROM `sales.customers`
GROUP BY customer_hash
HAVING COUNT(*) > 1
{% endcall %}

UNION ALL
{% call check("customers: every customer with an order is listed since the first order", "error") %}
SELECT CONCAT(orders.source, ' ', orders.order_id) AS sample
FROM `sales.orders` AS orders
LEFT JOIN `sales.customers` AS customers
    ON orders.customer_hash = customers.customer_hash
WHERE
    {{ days("orders.business_date") }}
    AND orders.customer_hash IS NOT NULL
    AND orders.is_sale
    AND NOT orders.is_test
    AND (customers.first_ordered_at IS NULL OR customers.first_ordered_at > orders.ordered_at)
{% endcall %};
