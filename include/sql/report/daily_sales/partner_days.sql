-- Days for which partners delivered files, up to the day of the report.
WITH delivered AS (
    SELECT DISTINCT
        REGEXP_EXTRACT(file, r'^(.+)_[0-9-]{10}\.csv') AS partner,
        REGEXP_EXTRACT(file, r'_([0-9-]{10})\.csv') AS delivered_for
    FROM {{ table("loaded_files") }}
    WHERE business_date >= {{ first }}
)

SELECT
    partner,
    delivered_for
FROM delivered
WHERE delivered_for BETWEEN CAST({{ first }} AS STRING) AND CAST({{ day }} AS STRING)
ORDER BY partner, delivered_for
