-- What earlier runs have read of a source. Only a successful read without an upper bound counts; backfills of old days have
-- one. The orders are those with rejected records in runs of the days.
SELECT
    MAX(window_end) AS last_read,
    COUNTIF({{ days("business_date") }}) > 0 AS was_read,
    ARRAY(
        SELECT DISTINCT rejected.order_id
        FROM `sales.rejected_rows` AS rejected
        WHERE
            {{ days("rejected.business_date") }}
            AND rejected.source = @source
            AND rejected.order_id IS NOT NULL
        ORDER BY rejected.order_id
    ) AS rejected_orders
FROM `sales.load_audit`
WHERE
    business_date >= DATE '0001-01-01'
    AND source = @source
    AND status = 'success'
    AND window_end = read_at;
