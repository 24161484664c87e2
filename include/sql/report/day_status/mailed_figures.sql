-- Values in the last mailed report of figures that have changed since: the first value that was replaced after the
-- figures of the report were queried.
WITH mailed AS (
    SELECT
        business_date,
        figures_at
    FROM `sales.report_deliveries`
    WHERE
        state = 'sent'
        AND subscription IS NULL
        AND business_date BETWEEN {{ first }} AND {{ day }}
    QUALIFY ROW_NUMBER() OVER (PARTITION BY business_date ORDER BY sent_at DESC) = 1
)

SELECT
    restated.business_date,
    restated.figure,
    restated.old AS mailed_value
FROM `sales.report_restatements` AS restated
INNER JOIN mailed
    ON restated.business_date = mailed.business_date
WHERE
    restated.business_date BETWEEN {{ first }} AND {{ day }}
    AND restated.detected_at > mailed.figures_at
QUALIFY ROW_NUMBER() OVER (
    PARTITION BY restated.business_date, restated.figure
    ORDER BY restated.detected_at
) = 1
ORDER BY restated.business_date, restated.figure
