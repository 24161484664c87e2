-- The payment fees of the period by slice, and its payouts by source and currency, which belong to no slice.
{% from "warehouse/macros/slices.sql" import slices_of with context %}
SELECT
    slice,
    NULL AS source,
    NULL AS currency,
    NULL AS payouts,
    NULL AS amount,
    NULL AS unexplained,
    SUM(margins.fees) AS fees,
    SUM(margins.sales_with_fees) AS sales_with_fees
FROM `sales.contribution_margin` AS margins
CROSS JOIN UNNEST({{ slices_of("margins") }}) AS slice
WHERE {{ days("margins.business_date") }}
    AND slice IS NOT NULL
GROUP BY slice
UNION ALL
SELECT
    NULL AS slice,
    source,
    currency,
    COUNT(*) AS payouts,
    SUM(amount) AS amount,
    SUM(unexplained) AS unexplained,
    NULL AS fees,
    NULL AS sales_with_fees
FROM `sales.payout_reconciliation`
WHERE {{ days("issued_on") }}
GROUP BY source, currency
ORDER BY slice, source, currency
