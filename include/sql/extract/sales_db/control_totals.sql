-- What the database itself says of the rows it hands out; compared after the load with what arrived. One row.
-- NaN is left out of the sums (one would make the whole sum NaN) but not out of the counts.
SELECT
    (SELECT count(*) FROM read_orders) AS source_orders,
    items.source_lines,
    items.source_amount,
    refunds.source_refunds,
    refunds.source_refund_amount
FROM (
    SELECT
        count(*) AS source_lines,
        coalesce(sum(quantity * unit_price) FILTER (WHERE unit_price <> 'NaN'), 0) AS source_amount
    FROM read_items
) AS items
CROSS JOIN (
    SELECT
        count(*) AS source_refunds,
        coalesce(sum(amount) FILTER (WHERE amount <> 'NaN'), 0) AS source_refund_amount
    FROM read_refunds
) AS refunds
