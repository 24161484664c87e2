-- Whether a run for a business day has read a source without upper bound: a backfill has one.
SELECT COUNT(*) > 0 AS was_read
FROM {{ table("load_audit") }}
WHERE
    business_date = {{ business_date }}
    AND source = @source
    AND status = 'success'
    AND window_end = read_at;
