SELECT
    restated.business_date,
    restated.figure,
    restated.detected_at,
    restated.old,
    restated.`new`,
    restated.reason,
    restated.causes
FROM {{ table("report_restatements") }} AS restated
INNER JOIN {{ staged("run") }} AS run
    ON restated.detected_at = run.started_at
ORDER BY restated.business_date, restated.figure;
