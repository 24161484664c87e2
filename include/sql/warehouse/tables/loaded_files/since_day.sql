-- Files of a source that were loaded by runs of a day or later.
SELECT file
FROM `sales.loaded_files`
WHERE
    source = @source
    AND business_date >= {{ oldest_day }}
ORDER BY file;
