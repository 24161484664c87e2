-- The payment fees of the period by slice, rows of `part` 'costs', and payouts by source and currency of the slices that are
-- whole shops, rows of `part` 'payouts'. One that has not reached the bank, or never does, is not among them. What is too
-- much in one payout does not explain what another lacks.
{% from "warehouse/macros/amounts.sql" import coverage %}
{% from "warehouse/macros/slices.sql" import slices_of with context %}
WITH sums AS (
    SELECT
        slice,
        SUM(margins.net_sales) AS net_sales,
        SUM(margins.fees) AS fees,
        SUM(margins.sales_with_fees) AS sales_with_fees
    FROM `sales.contribution_margin` AS margins
    CROSS JOIN UNNEST({{ slices_of("margins", ["source", "channel", "category"]) }}) AS slice
    WHERE {{ days("margins.business_date") }}
        AND slice IS NOT NULL
    GROUP BY slice
)

SELECT
    slice,
    'costs' AS part,
    fees,
    sales_with_fees,
    {{ coverage("net_sales", "sales_with_fees") }} AS fee_coverage,
    NULL AS source,
    NULL AS currency,
    NULL AS payouts,
    NULL AS amount,
    NULL AS unexplained
FROM sums
WHERE fees IS NOT NULL
UNION ALL
SELECT
    slice,
    'payouts' AS part,
    NULL AS fees,
    NULL AS sales_with_fees,
    NULL AS fee_coverage,
    paid.source,
    paid.currency,
    COUNT(*) AS payouts,
    SUM(paid.amount) AS amount,
    SUM(ABS(paid.unexplained)) AS unexplained
FROM `sales.payout_reconciliation` AS paid
CROSS JOIN UNNEST({{ slices_of("paid", ["source"]) }}) AS slice
WHERE {{ days("paid.issued_on") }}
    AND slice IS NOT NULL
    AND paid.has_arrived
GROUP BY slice, paid.source, paid.currency
ORDER BY slice, part, source, currency
