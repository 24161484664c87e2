-- How often the report of each day was mailed. The first and last day bound what a page shows.
SELECT
    business_date,
    COUNT(*) AS mails,
    MAX(sent_at) AS mailed_at
FROM {{ table("report_deliveries") }}
WHERE state = 'sent'
    AND business_date BETWEEN {{ first }} AND {{ day }}
GROUP BY business_date
ORDER BY business_date
