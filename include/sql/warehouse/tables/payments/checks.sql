SELECT
    'payments: one row per payment' AS check_name,
    'error' AS severity,
    CONCAT(source, ' ', payment_id) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.payments`
WHERE {{ days("business_date") }}
GROUP BY source, payment_id
HAVING COUNT(*) > 1
