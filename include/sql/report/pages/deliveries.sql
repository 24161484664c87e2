-- The last file of each partner that runs of some days have loaded: `<partner>_<day>.csv`.
SELECT
    REGEXP_REPLACE(file, r'_[^_]*$', '') AS partner,
    file,
    received_at,
    source_orders
FROM `sales.loaded_files`
WHERE source = @source
    AND business_date BETWEEN {{ first }} AND {{ day }}
QUALIFY ROW_NUMBER() OVER (
    PARTITION BY REGEXP_REPLACE(file, r'_[^_]*$', '')
    ORDER BY received_at DESC, file
) = 1
ORDER BY partner
