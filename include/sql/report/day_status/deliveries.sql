-- Mailed reports of business days, in the order of sending.
SELECT
    business_date,
    figures_hash,
    sent_at,
    figures_at
FROM `sales.report_deliveries`
WHERE
    state = 'sent'
    AND business_date BETWEEN {{ first }} AND {{ day }}
ORDER BY business_date, sent_at
