-- The days of alerts up to a day.
SELECT
    business_date,
    subscription,
    figures_hash,
    state
FROM `sales.report_deliveries`
WHERE
    business_date <= {{ last_day }}
    AND subscription IS NOT NULL
    AND figures_hash IN ('below', 'above', 'unknown');
