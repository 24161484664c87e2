-- One row per order line. Amounts are for the whole line; unit_price is before discount and tax. unit_cost is optional:
-- where order_items has no such column, the name is that of `absent`.
SELECT items.*
FROM (SELECT NULL::numeric AS unit_cost) AS absent
CROSS JOIN LATERAL (
    SELECT
        order_id,
        line_number,
        sku,
        quantity,
        unit_price,
        discount_amount,
        tax_amount,
        unit_cost::text AS unit_cost
    FROM read_items
) AS items
