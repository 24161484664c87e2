{% from "warehouse/macros/load_totals.sql" import load_totals with context %}
{% set shown = [
    "source", "status", "read_at", "window_start", "window_end", "rows_read", "rows_accepted", "rows_rejected",
    "rows_superseded", "source_orders", "orders_loaded", "source_amount", "amount_loaded"
] | join(",\n    ") %}
-- Load totals of the day for each sales source, whichever run read it, and for exports with a part loaded for the day.
SELECT
    {{ shown }}
FROM (
{{ load_totals("business_date = " ~ report_day) | indent(4, first=True) }}
) AS load_totals
UNION ALL
SELECT
    {{ shown }}
FROM (
    SELECT *
    FROM `sales.load_audit`
    WHERE business_date = {{ report_day }}
        AND source NOT IN ({{ sources }})
        AND status = 'history'
    QUALIFY ROW_NUMBER() OVER (PARTITION BY source ORDER BY read_at DESC, run_id) = 1
) AS exports
ORDER BY source
