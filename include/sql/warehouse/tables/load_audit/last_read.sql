-- Start of the last successful read of a source without an upper bound. Backfills of old days have one.
SELECT MAX(window_end) AS last_read
FROM `sales.load_audit`
WHERE
    business_date >= DATE '0001-01-01'
    AND source = @source
    AND status = 'success'
    AND window_end = read_at;
