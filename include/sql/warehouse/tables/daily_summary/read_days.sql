-- The days on which a source's orders should all be here: a run has read it after the day had ended. A day from before
-- the source's first read misses nothing either, and is not among them.
SELECT business_date
FROM {{ table("daily_summary") }}
WHERE
    business_date BETWEEN {{ oldest_day }} AND {{ newest_day }}
    AND @source NOT IN UNNEST(missing_sources)
    AND business_date >= (
        SELECT MIN(audit.business_date)
        FROM {{ table("load_audit") }} AS audit
        WHERE
            audit.business_date >= {{ first_day }}
            AND audit.source = @source
            AND audit.status = 'success'
    )
ORDER BY business_date;
