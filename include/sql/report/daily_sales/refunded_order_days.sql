-- Business days of the orders that were refunded on the days.
SELECT DISTINCT order_business_date AS business_date
FROM `sales.refunds`
WHERE {{ days("business_date") }}
    AND order_business_date IS NOT NULL
    AND is_sale
    AND NOT is_test
ORDER BY business_date
