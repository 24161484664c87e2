{% from "warehouse/macros/audit.sql" import own with context %}
-- What the day's latest read of each source of sales brought: this run's, else that of the run that read it last.
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
FROM {{ table("load_audit") }} AS audit
WHERE business_date = {{ day }}
    AND {{ own("audit") }}
QUALIFY ROW_NUMBER() OVER (
    PARTITION BY source
    ORDER BY IF(run_id = @run_id, 0, 1), read_at DESC, run_id
) = 1
ORDER BY source
