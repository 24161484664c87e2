-- All lines of some orders of a source as stored.
SELECT
    {{ columns("order_lines") | map(attribute="name") | join(",\n    ") }}
FROM `sales.order_lines`
WHERE
    {{ days("business_date") }}
    AND source = @source
    AND order_id IN UNNEST(@order_ids);
