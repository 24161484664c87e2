{% from "warehouse/macros/payments.sql" import has_arrived, payment_days with context %}
SELECT
    'payouts: one row per payout' AS check_name,
    'error' AS severity,
    CONCAT(source, ' ', payout_id) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.payouts`
GROUP BY source, payout_id
HAVING COUNT(*) > 1

UNION ALL
-- Those of two weeks: a payout is corrected, or its payments are read, on a later day.
SELECT
    'payouts: payments explain each' AS check_name,
    'warn' AS severity,
    CONCAT(
        payouts.source, ' ', payouts.payout_id, ' of ', CAST(payouts.issued_on AS STRING), ': ',
        FORMAT('%.2f', payouts.amount - COALESCE(explained.explained, 0)), ' ', payouts.currency
    ) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.payouts` AS payouts
LEFT JOIN (
    SELECT
        source,
        payout_id,
        currency,
        SUM(amount - COALESCE(fee_amount, 0)) AS explained
    FROM `sales.payments`
    WHERE
        business_date >= DATE_SUB({{ business_date }}, INTERVAL {{ payment_days }} DAY)
        AND payout_id IS NOT NULL
        AND NOT is_test
    GROUP BY source, payout_id, currency
) AS explained
    ON
        payouts.source = explained.source
        AND payouts.payout_id = explained.payout_id
        AND payouts.currency = explained.currency
WHERE
    payouts.issued_on BETWEEN DATE_SUB({{ business_date }}, INTERVAL 13 DAY) AND {{ business_date }}
    AND {{ has_arrived("payouts.status") }}
    AND payouts.amount <> COALESCE(explained.explained, 0)
