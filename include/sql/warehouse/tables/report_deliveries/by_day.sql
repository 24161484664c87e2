-- Every report of a day that was mailed or is being mailed, the latest first.
SELECT
    business_date,
    figures_hash,
    message_id,
    state,
    sent_at
FROM {{ table("report_deliveries") }}
WHERE business_date = {{ business_date }}
ORDER BY sent_at DESC;
