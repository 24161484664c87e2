-- The days of alerts up to a day, in the order in which they were evaluated.
SELECT
    business_date,
    subscription,
    figures_hash,
    state
FROM `sales.report_deliveries`
WHERE
    business_date <= {{ last_day }}
    AND subscription IS NOT NULL
    AND figures_hash IN ('below', 'above', 'unknown')
ORDER BY sent_at, figures_hash;
