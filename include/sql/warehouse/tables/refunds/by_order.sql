-- Stored refunds of some orders of a source; those that did not change are not read again.
SELECT
    {{ columns("refunds") | map(attribute="name") | join(",\n    ") }}
FROM `sales.refunds`
WHERE
    {{ days("business_date") }}
    AND source = @source
    AND order_id IN UNNEST(@order_ids);
