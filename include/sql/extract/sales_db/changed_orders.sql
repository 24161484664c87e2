-- The orders changed since the pipeline's last read: the next run reads them, so reconciliation leaves them out.
-- %(changed_since)s: timestamptz.
SELECT order_id
FROM orders
WHERE updated_at >= %(changed_since)s

UNION

SELECT order_id
FROM refunds
WHERE updated_at >= %(changed_since)s
    AND order_id IS NOT NULL
