-- The rows this run rejected: the first {{ most }} of each source and reason, and how many there are of it.
SELECT
    source,
    reason,
    COUNT(*) OVER (PARTITION BY source, reason) AS reason_rows,
    file,
    row_number,
    detail,
    raw
FROM {{ table("rejected_rows") }}
WHERE business_date = {{ day }}
    AND run_id = @run_id
QUALIFY ROW_NUMBER() OVER (PARTITION BY source, reason ORDER BY file, row_number) <= {{ most }}
ORDER BY source, reason, file, row_number
