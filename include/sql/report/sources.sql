-- What this run read from each source.
SELECT
    source,
    status,
    read_at,
    window_start,
    window_end,
    rows_read,
    rows_accepted,
    rows_rejected,
    rows_superseded,
    source_orders,
    orders_loaded,
    source_amount,
    amount_loaded
FROM {{ table("load_audit") }}
WHERE business_date = {{ day }}
    AND run_id = @run_id
ORDER BY source
