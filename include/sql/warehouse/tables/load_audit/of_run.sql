-- What one run's load wrote of each source.
SELECT
    {{ columns("load_audit") | map(attribute="name") | join(",\n    ") }}
FROM {{ table("load_audit") }}
WHERE
    business_date = {{ business_date }}
    AND run_id = @run_id
ORDER BY source;
