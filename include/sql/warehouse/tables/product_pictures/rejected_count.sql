-- Number of rejected catalogue entries in the last read.
SELECT rows_rejected
FROM {{ table("load_audit") }}
WHERE
    business_date >= {{ first_day }}
    AND source = @source
    AND status = 'success'
ORDER BY read_at DESC
LIMIT 1;
