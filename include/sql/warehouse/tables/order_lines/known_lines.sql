-- Stored lines of some orders of a source, which may no longer have the SKU and category of deleted products, and the
-- cost that a product had when the order was read first.
SELECT
    order_id,
    line_number,
    sku,
    NULLIF(category, 'uncategorised') AS category,
    quantity,
    cost_amount
FROM `sales.order_lines`
WHERE
    {{ days("business_date") }}
    AND source = @source
    AND order_id IN UNNEST(@order_ids)
    AND (sku IS NOT NULL OR category <> 'uncategorised' OR cost_amount IS NOT NULL);
