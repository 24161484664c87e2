-- Partner files that were loaded by runs of a day or later.
SELECT file
FROM {{ table("loaded_files") }}
WHERE
    source = 'partner_files'
    AND business_date >= {{ oldest_day }}
ORDER BY file;
