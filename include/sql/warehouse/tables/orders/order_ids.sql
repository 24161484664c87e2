-- The orders of a source that are stored under some days, and those with a refund of these days.
SELECT order_id
FROM {{ table("orders") }}
WHERE
    {{ days("business_date") }}
    AND source = @source
UNION DISTINCT
SELECT order_id
FROM {{ table("refunds") }}
WHERE
    {{ days("business_date") }}
    AND source = @source
ORDER BY order_id;
