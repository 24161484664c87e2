-- Exports that were loaded on the day or on the day after, when its report is made: what became of their rows.
WITH loads AS (
    SELECT
        source,
        run_id,
        COALESCE(SUM(rows_read), 0) AS rows_read,
        COALESCE(SUM(rows_rejected), 0) AS rows_rejected,
        COALESCE(SUM(orders_loaded), 0) AS orders
    FROM {{ table("load_audit") }}
    WHERE business_date <= {{ day }}
        AND status = 'history'
        AND source NOT IN ({{ sources }})
        AND DATE(read_at, {{ shop_timezone }}) BETWEEN {{ day }} AND DATE_ADD({{ day }}, INTERVAL 1 DAY)
    GROUP BY source, run_id
),

reasons AS (
    SELECT
        source,
        run_id,
        reason,
        COUNT(*) AS rejected
    FROM {{ table("rejected_rows") }}
    WHERE business_date <= {{ day }}
    GROUP BY source, run_id, reason
)

SELECT
    loads.source,
    loads.run_id,
    loads.rows_read,
    loads.rows_rejected,
    loads.orders,
    STRING_AGG(CONCAT(reasons.reason, ' ', CAST(reasons.rejected AS STRING)), ', ' ORDER BY reasons.reason) AS reasons
FROM loads
LEFT JOIN reasons
    ON loads.source = reasons.source
    AND loads.run_id = reasons.run_id
GROUP BY loads.source, loads.run_id, loads.rows_read, loads.rows_rejected, loads.orders
ORDER BY loads.source, loads.run_id
