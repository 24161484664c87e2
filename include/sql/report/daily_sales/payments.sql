-- What payments cost and what is left of the day's net sales, in every row, and its payouts, NULL where there are none: those
-- issued on the day that the bank did not decline, and those of the two weeks before that are not explained.
{% from "warehouse/macros/amounts.sql" import coverage %}
{% from "warehouse/macros/payments.sql" import declined %}
WITH sums AS (
    SELECT
        COALESCE(SUM(net_sales), 0) AS net_sales,
        SUM(fees) AS fees,
        SUM(sales_with_fees) AS sales_with_fees,
        SUM(covered_sales) AS covered_sales,
        SUM(contribution) AS contribution
    FROM `sales.contribution_margin`
    WHERE business_date = {{ report_day }}
),

payouts AS (
    SELECT
        source,
        payout_id,
        issued_on,
        currency,
        amount,
        has_arrived,
        orders,
        charges,
        fees - commissions AS cost,
        unexplained
    FROM `sales.payout_reconciliation`
    WHERE
        (issued_on = {{ report_day }} AND status NOT IN ({{ declined }}))
        OR (
            issued_on BETWEEN DATE_SUB({{ report_day }}, INTERVAL 13 DAY) AND {{ report_day }}
            AND has_arrived
            AND unexplained <> 0
        )
)

SELECT
    sums.fees,
    sums.sales_with_fees,
    sums.covered_sales,
    sums.contribution,
    {{ coverage("sums.net_sales", "sums.covered_sales") }} AS coverage,
    payouts.source,
    payouts.payout_id,
    payouts.issued_on,
    payouts.currency,
    payouts.amount,
    payouts.has_arrived,
    payouts.orders,
    payouts.charges,
    payouts.cost,
    payouts.unexplained
FROM sums
LEFT JOIN payouts
    ON TRUE
ORDER BY payouts.issued_on DESC, payouts.source, payouts.payout_id
