-- Days with stored orders or refunds of a source, newest first: the number of orders, and when the latest was read.
SELECT
    business_date,
    COUNT(DISTINCT order_id) AS orders,
    MAX(read_at) AS last_read_at
FROM (
    SELECT
        business_date,
        order_id,
        read_at
    FROM `sales.orders`
    WHERE source = @source
    UNION ALL
    SELECT
        business_date,
        order_id,
        read_at
    FROM `sales.refunds`
    WHERE
        business_date >= DATE '0001-01-01'
        AND source = @source
) AS stored
GROUP BY business_date
ORDER BY business_date DESC
