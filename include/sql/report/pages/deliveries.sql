-- Files of a source that were loaded by runs of some days.
SELECT
    file,
    business_date,
    received_at,
    source_orders,
    rows_rejected
FROM {{ table("loaded_files") }}
WHERE source = @source
    AND business_date BETWEEN {{ first }} AND {{ day }}
ORDER BY received_at DESC, file
