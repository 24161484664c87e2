-- The days on which a source's orders should all be here: a run has read it after the day had ended.
SELECT business_date
FROM {{ table("daily_summary") }}
WHERE
    business_date BETWEEN {{ oldest_day }} AND {{ newest_day }}
    AND @source NOT IN UNNEST(missing_sources)
ORDER BY business_date;
