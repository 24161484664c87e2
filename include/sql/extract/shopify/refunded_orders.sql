-- The orders of a bulk operation that have refunds, which its file does not hold whole.
SELECT id
FROM bulk_orders
WHERE has_refunds;
