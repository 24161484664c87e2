-- Some orders of a source as stored.
SELECT
    {{ columns("orders") | map(attribute="name") | join(",\n    ") }}
FROM `sales.orders`
WHERE
    {{ days("business_date") }}
    AND source = @source
    AND order_id IN UNNEST(@order_ids);
