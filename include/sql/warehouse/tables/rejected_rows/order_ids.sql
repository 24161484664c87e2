-- The orders of a source of which runs for some days have rejected something.
SELECT DISTINCT order_id
FROM {{ table("rejected_rows") }}
WHERE
    {{ days("business_date") }}
    AND source = @source
    AND order_id IS NOT NULL
ORDER BY order_id;
