-- Last successful read of each source: of any kind (`read_at`), and without an upper bound (`last_read`), where the
-- next run continues.
SELECT
    source,
    MAX(read_at) AS read_at,
    MAX(business_date) AS business_date,
    MAX(IF(window_end = read_at, window_end, NULL)) AS last_read
FROM {{ table("load_audit") }}
WHERE business_date >= {{ first_day }}
    AND source IN ({{ sources }})
    AND status = 'success'
GROUP BY source
ORDER BY source
