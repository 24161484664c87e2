-- Orders of a source with a refund on some days that are not stored under those days.
SELECT DISTINCT order_id
FROM `sales.refunds`
WHERE
    {{ days("business_date") }}
    AND source = @source
    AND (order_business_date IS NULL OR NOT {{ days("order_business_date") }})
ORDER BY order_id;
