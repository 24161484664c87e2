-- Orders of a source that are stored under some days or have a refund on these days.
SELECT order_id
FROM `sales.orders`
WHERE
    {{ days("business_date") }}
    AND source = @source
UNION DISTINCT
SELECT order_id
FROM `sales.refunds`
WHERE
    {{ days("business_date") }}
    AND source = @source
ORDER BY order_id;
