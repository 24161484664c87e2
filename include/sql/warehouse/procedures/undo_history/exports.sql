-- Source names of the loaded exports. (Exchange rates of their days are stored under the source's own name.)
SELECT DISTINCT source
FROM `sales.load_audit`
WHERE
    business_date >= DATE '0001-01-01'
    AND status = 'history'
    AND source NOT IN ({{ sources }})
ORDER BY source
