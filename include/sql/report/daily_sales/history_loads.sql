-- Row counts of exports that were loaded on the day or the day after, when its report is built, and not undone since.
WITH undone AS (
    SELECT
        source,
        MAX(read_at) AS undone_at
    FROM `sales.load_audit`
    WHERE business_date <= {{ report_day }}
        AND status = 'history'
        AND STARTS_WITH(run_id, 'undo__')
    GROUP BY source
),

loads AS (
    SELECT
        audit.source,
        audit.run_id,
        COALESCE(SUM(audit.rows_read), 0) AS rows_read,
        COALESCE(SUM(audit.rows_rejected), 0) AS rows_rejected,
        COALESCE(SUM(audit.orders_loaded), 0) AS orders
    FROM `sales.load_audit` AS audit
    LEFT JOIN undone
        ON audit.source = undone.source
    WHERE audit.business_date <= {{ report_day }}
        AND audit.status = 'history'
        AND audit.source NOT IN ({{ sources }})
        AND DATE(audit.read_at, {{ shop_timezone }}) BETWEEN {{ report_day }} AND DATE_ADD({{ report_day }}, INTERVAL 1 DAY)
        AND NOT STARTS_WITH(audit.run_id, 'undo__')
        AND COALESCE(audit.read_at > undone.undone_at, TRUE)
    GROUP BY audit.source, audit.run_id
),

reasons AS (
    SELECT
        source,
        run_id,
        reason,
        COUNT(*) AS rejected
    FROM `sales.rejected_rows`
    WHERE business_date <= {{ report_day }}
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
