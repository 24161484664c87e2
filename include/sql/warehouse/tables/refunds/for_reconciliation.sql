-- Stored refunds of a source for reconciliation: made on some days, or of orders of those days.
SELECT
    {{ columns("refunds") | map(attribute="name") | reject("in", ["source", "run_id"]) | join(",\n    ") }}
FROM `sales.refunds`
WHERE
    business_date >= {{ first_day }}
    AND ({{ days("business_date") }} OR {{ days("order_business_date") }})
    AND source = @source;
