-- The business days that have had a daily run: one that wrote an audit row for every source, whatever its status.
SELECT DISTINCT business_date
FROM (
    SELECT
        business_date,
        run_id
    FROM {{ table("load_audit") }}
    WHERE business_date BETWEEN {{ first_day }} AND {{ day }}
        AND source IN ({{ sources }})
    GROUP BY business_date, run_id
    HAVING COUNT(DISTINCT source) = {{ source_count }}
)
ORDER BY business_date
