{% from "warehouse/macros/load_totals.sql" import load_totals with context %}
{% set shown = [
    "source", "status", "read_at", "window_start", "window_end", "rows_read", "rows_accepted", "rows_rejected",
    "rows_superseded", "source_orders", "orders_loaded", "source_amount", "amount_loaded"
] | join(",\n    ") %}
-- What is loaded of the day from each source of sales, whichever run has read it; and the exports of which a part was
-- loaded for the day.
SELECT
    {{ shown }}
FROM (
{{ load_totals("business_date = " ~ day) | indent(4, first=True) }}
) AS load_totals
UNION ALL
SELECT
    {{ shown }}
FROM (
    SELECT *
    FROM {{ table("load_audit") }}
    WHERE business_date = {{ day }}
        AND source NOT IN ({{ sources }})
        AND status = 'history'
    QUALIFY ROW_NUMBER() OVER (PARTITION BY source ORDER BY read_at DESC, run_id) = 1
) AS exports
ORDER BY source
