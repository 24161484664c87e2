-- The names under which exports were loaded. The exchange rates of their days are loaded under the name of their source.
SELECT DISTINCT source
FROM {{ table("load_audit") }}
WHERE
    business_date >= {{ first_day }}
    AND status = 'history'
    AND source NOT IN ({{ sources }})
ORDER BY source
