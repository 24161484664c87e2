-- When each source was last read with success: at all, and without upper bound, from where the next run goes on.
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
