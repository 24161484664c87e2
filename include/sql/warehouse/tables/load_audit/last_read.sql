-- When the last successful read of a source began that had no upper bound: backfills of old days do not count.
SELECT MAX(window_end) AS last_read
FROM {{ table("load_audit") }}
WHERE
    business_date >= {{ first_day }}
    AND source = @source
    AND status = 'success'
    AND window_end = read_at;
