-- What became of each read. Orders and lines are counted where they are now: the replaced ones in the warehouse;
-- those a newer version was already there for, as read. So the figures agree with the source's own.
DELETE FROM {{ table("load_audit") }} AS stored
WHERE
    stored.business_date = {{ business_date }}
    AND stored.run_id IN (SELECT run_id FROM {{ staged("run") }});

INSERT INTO {{ table("load_audit") }} (
    business_date, source, run_id, read_at, window_start, window_end, source_orders, source_amount,
    rows_read, rows_accepted, rows_rejected, rows_superseded, orders_loaded, amount_loaded, status
)
WITH loaded AS (
    {% for name, amount in [("orders", "NUMERIC '0'"), ("order_lines", "entries.gross_amount")] %}
    SELECT
        entries.source,
        {{ 1 if name == "orders" else 0 }} AS orders,
        {{ amount }} AS amount
    FROM {{ table(name) }} AS entries
    INNER JOIN {{ staged("replaced_orders") }} AS replaced
        ON
            entries.source = replaced.source
            AND entries.order_id = replaced.order_id
    WHERE {{ days("entries.business_date") }}
    UNION ALL
    SELECT
        entries.source,
        {{ 1 if name == "orders" else 0 }} AS orders,
        {{ amount }} AS amount
    FROM {{ staged(name) }} AS entries
    LEFT JOIN {{ staged("replaced_orders") }} AS replaced
        ON
            entries.source = replaced.source
            AND entries.order_id = replaced.order_id
    WHERE replaced.order_id IS NULL
    {% if not loop.last %}
    UNION ALL
    {% endif %}
    {% endfor %}
),

totals AS (
    SELECT
        source,
        SUM(orders) AS orders,
        SUM(amount) AS amount
    FROM loaded
    GROUP BY source
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
    audit.status
FROM {{ staged("load_audit") }} AS audit
LEFT JOIN totals
    ON audit.source = totals.source;
