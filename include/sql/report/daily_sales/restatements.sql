-- Changes of mailed figures that no report of an earlier day has listed. A report lists the changes of its own and
-- earlier days up to the time when its figures were queried.
WITH listed AS (
    SELECT
        restated.business_date,
        MAX(deliveries.figures_at) AS listed_until
    FROM (SELECT DISTINCT business_date FROM {{ table("report_restatements") }}) AS restated
    INNER JOIN {{ table("report_deliveries") }} AS deliveries
        ON restated.business_date <= deliveries.business_date
    WHERE deliveries.state = 'sent'
        AND deliveries.business_date < {{ day }}
    GROUP BY restated.business_date
)

SELECT
    restated.business_date,
    restated.figure,
    restated.old AS old_value,
    restated.`new` AS new_value,
    restated.reason,
    restated.causes,
    restated.detected_at
FROM {{ table("report_restatements") }} AS restated
LEFT JOIN listed
    ON restated.business_date = listed.business_date
WHERE restated.business_date <= {{ day }}
    AND COALESCE(restated.detected_at > listed.listed_until, TRUE)
ORDER BY restated.business_date DESC, restated.figure, restated.detected_at
