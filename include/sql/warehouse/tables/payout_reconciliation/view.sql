{% from "warehouse/macros/conversion.sql" import converted, rate_columns, view_amount with context %}
{% from "warehouse/macros/payments.sql" import has_arrived, payment_days with context %}
{% set kinds = {
    "charges": "'charge'",
    "refunds": "'refund'",
    "chargebacks": "'chargeback', 'chargeback_reversal'",
    "commissions": "'commission'",
    "adjustments": "'adjustment'",
    "others": "'other'",
} %}
CREATE VIEW IF NOT EXISTS `sales.payout_reconciliation` (
    source OPTIONS (description = "Source of the payout."),
    payout_id OPTIONS (description = "Id of the payout in its source."),
    issued_on OPTIONS (description = "The shop's calendar day on which the payout was issued."),
    status OPTIONS (description = "Status as in the source, in lower case."),
    has_arrived OPTIONS (description = "Whether the status is that of a payout that has reached the bank."),
    external_reference OPTIONS (description = "Reference of the transfer, as on the bank statement."),
    currency OPTIONS (description = "ISO 4217 code of all amounts but amount_reporting."),
    amount OPTIONS (description = "Amount of the payout as its source states it."),
    {% for name, kind in kinds.items() %}
    {{ name }} OPTIONS (description = "Sum of its payments of kind {{ kind | replace("'", "") }}, before fees; negative where the shop pays."),
    {% endfor %}
    fees OPTIONS (description = "Sum of the fees of its payments that are known."),
    unexplained OPTIONS (description = "amount less the sums of its payments, plus fees; 0 where its payments explain it. Payments in another currency explain nothing."),
    payments OPTIONS (description = "Number of its payments."),
    orders OPTIONS (description = "Number of the orders of its payments."),
    oldest_sale OPTIONS (description = "First business day of these orders; NULL where none is known."),
    newest_sale OPTIONS (description = "Last business day of these orders."),
    amount_reporting OPTIONS (description = "amount in reporting currency, at the rate of issued_on; NULL without an exchange rate.")
)
OPTIONS (
    description = "One row per payout: what its payments add up to, and what they leave unexplained."
)
AS
WITH movements AS (
    SELECT
        payments.source,
        payments.payout_id,
        payments.currency,
        payments.kind,
        payments.order_id,
        payments.amount,
        payments.fee_amount,
        orders.business_date AS sold_on
    FROM `sales.payments` AS payments
    LEFT JOIN `sales.orders` AS orders
        ON
            payments.source = orders.source
            AND payments.order_id = orders.order_id
            AND {{ days("orders.business_date", before=payment_days) }}
    WHERE
        {{ days("payments.business_date", before=payment_days) }}
        AND payments.payout_id IS NOT NULL
        AND NOT payments.is_test
),

sums AS (
    SELECT
        payouts.source,
        payouts.payout_id,
        {% for name, kind in kinds.items() %}
        COALESCE(SUM(IF(movements.currency = payouts.currency AND movements.kind IN ({{ kind }}), movements.amount, 0)), 0) AS {{ name }},
        {% endfor %}
        COALESCE(SUM(IF(movements.currency = payouts.currency, movements.fee_amount, 0)), 0) AS fees,
        COUNT(movements.source) AS payments,
        COUNT(DISTINCT movements.order_id) AS orders,
        MIN(movements.sold_on) AS oldest_sale,
        MAX(movements.sold_on) AS newest_sale
    FROM `sales.payouts` AS payouts
    LEFT JOIN movements
        ON
            payouts.source = movements.source
            AND payouts.payout_id = movements.payout_id
    GROUP BY payouts.source, payouts.payout_id
),

rated AS (
    SELECT
        payouts.source,
        payouts.payout_id,
        payouts.issued_on,
        payouts.status,
        {{ has_arrived("payouts.status") }} AS has_arrived,
        payouts.external_reference,
        payouts.currency,
        payouts.amount,
        sums.* EXCEPT (source, payout_id),
        {{ rate_columns("payouts.currency", "rates") }}
    FROM `sales.payouts` AS payouts
    INNER JOIN sums
        ON
            payouts.source = sums.source
            AND payouts.payout_id = sums.payout_id
    LEFT JOIN `sales.conversion_rates` AS rates
        ON
            payouts.issued_on = rates.business_date
            AND payouts.currency = rates.currency
)

SELECT
    source,
    payout_id,
    issued_on,
    status,
    has_arrived,
    external_reference,
    currency,
    amount,
    {% for name in kinds %}
    {{ name }},
    {% endfor %}
    fees,
    amount - ({{ kinds | join(" + ") }}) + fees AS unexplained,
    payments,
    orders,
    oldest_sale,
    newest_sale,
    {{ view_amount(converted("amount")) }} AS amount_reporting
FROM rated;
