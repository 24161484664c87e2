-- The partner files that runs of some days have loaded.
SELECT
    file,
    business_date,
    received_at,
    source_orders,
    rows_rejected
FROM {{ table("loaded_files") }}
WHERE source = 'partner_files'
    AND business_date BETWEEN {{ first }} AND {{ day }}
ORDER BY received_at DESC, file
