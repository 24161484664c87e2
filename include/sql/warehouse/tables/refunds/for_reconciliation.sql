-- Stored refunds of a source for reconciliation: made on some days, or of orders of those days.
SELECT
    {{ columns("refunds") | map(attribute="name") | reject("in", ["source", "run_id"]) | join(",\n    ") }}
FROM `sales.refunds`
WHERE
    business_date >= DATE '0001-01-01'
    AND ({{ days("business_date") }} OR {{ days("order_business_date") }})
    AND source = @source;
