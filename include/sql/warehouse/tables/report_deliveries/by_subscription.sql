-- All reports of a period that subscriptions got or will get, latest first; `last_day` is that of the period.
SELECT
    subscription,
    figures_hash,
    message_id,
    state,
    sent_at,
    net_sales
FROM `sales.report_deliveries`
WHERE
    business_date = {{ last_day }}
    AND subscription IS NOT NULL
ORDER BY sent_at DESC;
