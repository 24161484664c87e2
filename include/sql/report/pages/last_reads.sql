-- Last successful read of each source.
SELECT
    source,
    MAX(read_at) AS read_at,
    MAX(business_date) AS business_date
FROM `sales.load_audit`
WHERE business_date >= DATE '0001-01-01'
    AND source IN ({{ sources }})
    AND status = 'success'
GROUP BY source
ORDER BY source
