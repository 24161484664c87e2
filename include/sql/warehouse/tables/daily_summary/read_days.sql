-- Days on which all orders of a source should be loaded: a run read it after the end of the day. Days before the first
-- read of the source are not listed.
SELECT business_date
FROM `sales.daily_summary`
WHERE
    business_date BETWEEN {{ oldest_day }} AND {{ newest_day }}
    AND @source NOT IN UNNEST(missing_sources)
    AND business_date >= (
        SELECT MIN(audit.business_date)
        FROM `sales.load_audit` AS audit
        WHERE
            audit.business_date >= DATE '0001-01-01'
            AND audit.source = @source
            AND audit.status = 'success'
    )
ORDER BY business_date;
