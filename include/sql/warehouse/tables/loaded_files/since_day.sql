-- The partner files that runs since a day have loaded.
SELECT file
FROM {{ table("loaded_files") }}
WHERE
    source = 'partner_files'
    AND business_date >= {{ oldest_day }}
ORDER BY file;
