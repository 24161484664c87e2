-- Rejected rows of some days: the newest {{ most }} of each source and reason, and the number of rows with that reason.
SELECT
    source,
    reason,
    COUNT(*) OVER (PARTITION BY source, reason) AS reason_rows,
    business_date,
    file,
    row_number,
    order_id,
    detail,
    raw
FROM `sales.rejected_rows`
WHERE business_date BETWEEN {{ first }} AND {{ day }}
QUALIFY ROW_NUMBER() OVER (
    PARTITION BY source, reason
    ORDER BY business_date DESC, file, row_number
) <= {{ most }}
ORDER BY reason_rows DESC, source, reason, business_date DESC, file, row_number
