-- All mailed or claimed reports of a day to report_recipients, latest first.
SELECT
    business_date,
    figures_hash,
    message_id,
    state,
    sent_at
FROM `sales.report_deliveries`
WHERE
    business_date = {{ business_date }}
    AND subscription IS NULL
ORDER BY sent_at DESC;
