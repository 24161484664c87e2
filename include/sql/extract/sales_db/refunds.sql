-- One row per refund; line_number is NULL for a refund of the whole order. The amount is merchandise only, without tax
-- and shipping.
SELECT
    refund_id,
    order_id,
    line_number,
    quantity,
    amount,
    reason,
    refunded_at,
    updated_at
FROM read_refunds
