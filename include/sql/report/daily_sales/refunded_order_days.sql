-- Business days of the orders that were refunded on the day.
SELECT DISTINCT order_business_date AS business_date
FROM {{ table("refunds") }}
WHERE business_date = {{ day }}
    AND order_business_date IS NOT NULL
    AND is_sale
    AND NOT is_test
ORDER BY business_date
