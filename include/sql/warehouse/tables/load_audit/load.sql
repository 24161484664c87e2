-- One row per day and read; the first day of a read of several has its counts. A second load of a run replaces the rows
-- of its sources.
{% set names = columns("load_audit") | map(attribute="name") | list %}
MERGE INTO `sales.load_audit` AS stored
USING (
    WITH totals AS (
    {% include "warehouse/loads/" ~ spec.name ~ "/loaded_totals.sql" %}
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
        IF(audit.is_counted, COALESCE(totals.orders, 0), NULL) AS orders_loaded,
        IF(audit.is_counted, COALESCE(totals.amount, 0), NULL) AS amount_loaded,
        audit.status,
        audit.missing_deliveries
    FROM (
        SELECT
            *,
            status IN ('success', 'history') AND business_date = {{ business_date }} AS is_counted
        FROM `sales_staging.load_audit`
    ) AS audit
    LEFT JOIN totals
        ON audit.source = totals.source
) AS arriving
    ON
        stored.business_date BETWEEN {{ business_date }} AND {{ last_day }}
        AND stored.business_date = arriving.business_date
        AND stored.run_id = arriving.run_id
        AND stored.source = arriving.source
WHEN MATCHED THEN
    UPDATE SET
        {% for name in names %}
        {{ name }} = arriving.{{ name }}{{ "," if not loop.last }}
        {% endfor %}
WHEN NOT MATCHED THEN
    INSERT ({{ names | join(", ") }})
    VALUES (arriving.{{ names | join(", arriving.") }});
