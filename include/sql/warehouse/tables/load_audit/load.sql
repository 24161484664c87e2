-- One row per read. A second load of a run replaces the rows of its sources.
DELETE FROM {{ table("load_audit") }} AS stored
WHERE
    stored.business_date = {{ business_date }}
    AND stored.run_id IN (SELECT run_id FROM {{ staged("run") }})
    AND stored.source IN (SELECT source FROM {{ staged("load_audit") }});

INSERT INTO {{ table("load_audit") }} (
    business_date, source, run_id, read_at, window_start, window_end, source_orders, source_amount,
    rows_read, rows_accepted, rows_rejected, rows_superseded, orders_loaded, amount_loaded, status,
    missing_deliveries
)
WITH totals AS (
    {% include "warehouse/loads/" ~ load ~ "/loaded_totals.sql" %}
)

SELECT
    audit.business_date,
    audit.source,
    audit.run_id,
    audit.read_at,
    audit.window_start,
    audit.window_end,
    audit.source_orders,
    audit.source_amount,
    audit.rows_read,
    audit.rows_accepted,
    audit.rows_rejected,
    audit.rows_superseded,
    IF(audit.status IN ('success', 'history'), COALESCE(totals.orders, 0), NULL) AS orders_loaded,
    IF(audit.status IN ('success', 'history'), COALESCE(totals.amount, 0), NULL) AS amount_loaded,
    audit.status,
    audit.missing_deliveries
FROM {{ staged("load_audit") }} AS audit
LEFT JOIN totals
    ON audit.source = totals.source;
