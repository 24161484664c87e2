-- Whether a run of a business day read a source without an upper bound. Backfills have one.
SELECT COUNT(*) > 0 AS was_read
FROM `sales.load_audit`
WHERE
    business_date = {{ business_date }}
    AND source = @source
    AND status = 'success'
    AND window_end = read_at;
