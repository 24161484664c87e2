{% from "warehouse/macros/conversion.sql" import converted, rate_columns, view_amount with context %}
{% from "warehouse/macros/payments.sql" import declined, fees, has_arrived, rated_payments, total_of with context %}
CREATE VIEW IF NOT EXISTS `sales.order_payments` (
    source OPTIONS (description = "Source of the order."),
    order_id OPTIONS (description = "Order number in its source."),
    is_known OPTIONS (description = "Whether orders has the order; FALSE where it was charged and is no order of the shop."),
    business_date OPTIONS (description = "Business day of the order; of an unknown one, of its first payment."),
    channel OPTIONS (description = "Sales channel of the order."),
    status OPTIONS (description = "Order status as in the source."),
    is_sale OPTIONS (description = "Whether the status counts as a sale; NULL where the order is not known."),
    is_test OPTIONS (description = "Whether the source marks the order as a test; NULL where the order is not known."),
    currency OPTIONS (description = "Currency of the order; the amounts are in reporting currency."),
    total OPTIONS (description = "What the customer was to pay: amount after discount, tax, shipping and fees charged."),
    charged OPTIONS (description = "Sum of its charges."),
    refunded OPTIONS (description = "Sum of its refunds, positive."),
    chargebacks OPTIONS (description = "Sum of its chargebacks less those that were won."),
    fees OPTIONS (description = "Fees and commissions of its payments; NULL where one is not known."),
    paid_out OPTIONS (description = "What reached the bank: its payments, after fees, in payouts that have arrived, or that were declined and are repeated by a later one."),
    open_amount OPTIONS (description = "What is still to reach the bank: its other payments after known fees; of a sale without payments, its total less refunds, from the channel's first charge on. 0 where its payments come in no payouts."),
    payments OPTIONS (description = "Number of its payments."),
    days_open OPTIONS (description = "Days from business_date to the newest day of daily_summary; NULL where open_amount is 0."),
    is_overdue OPTIONS (description = "Whether days_open is more than PAYOUT_DAYS, as it was when the view was made (make migrate).")
)
OPTIONS (
    description = "One row per order, and per order id that only payments name: what was charged, what it cost, what reached the bank and what is open. In reporting currency, each payment at the rate of its day; an amount is NULL where a rate is missing."
)
AS
WITH rated_payments AS (
    {{ rated_payments("payments.business_date >= DATE '0001-01-01'") }}
),

-- What a provider pays to the shop's bank once, it always does.
paying AS (
    SELECT DISTINCT
        source,
        COALESCE(gateway, '') AS gateway
    FROM rated_payments
    WHERE payout_id IS NOT NULL
),

-- A payout that the bank declined comes with a later one, as a payment of no order and of its amount. Its own payments
-- stay in it.
repeated AS (
    SELECT DISTINCT
        payouts.source,
        payouts.payout_id
    FROM `sales.payouts` AS payouts
    INNER JOIN rated_payments AS returned
        ON
            payouts.source = returned.source
            AND payouts.currency = returned.currency
            AND payouts.amount = returned.amount
    INNER JOIN `sales.payouts` AS later
        ON
            returned.source = later.source
            AND returned.payout_id = later.payout_id
    WHERE
        payouts.status IN ({{ declined }})
        AND returned.order_id IS NULL
        AND returned.kind = 'other'
        AND {{ has_arrived("later.status") }}
),

movements AS (
    SELECT
        rated_payments.*,
        paying.source IS NOT NULL AS comes_in_payouts,
        COALESCE({{ has_arrived("payouts.status") }}, FALSE) OR repeated.payout_id IS NOT NULL AS has_arrived,
        rated_payments.amount - COALESCE(rated_payments.fee_amount, 0) AS net_amount
    FROM rated_payments
    LEFT JOIN paying
        ON
            rated_payments.source = paying.source
            AND COALESCE(rated_payments.gateway, '') = paying.gateway
    LEFT JOIN `sales.payouts` AS payouts
        ON
            rated_payments.source = payouts.source
            AND rated_payments.payout_id = payouts.payout_id
    LEFT JOIN repeated
        ON
            rated_payments.source = repeated.source
            AND rated_payments.payout_id = repeated.payout_id
    WHERE rated_payments.order_id IS NOT NULL
),

paid AS (
    SELECT
        source,
        order_id,
        MIN(business_date) AS first_paid_on,
        MIN(IF(comes_in_payouts AND kind IN ('charge', 'commission'), business_date, NULL)) AS first_charged_on,
        COUNT(*) AS payments,
        LOGICAL_OR(comes_in_payouts) AS comes_in_payouts,
        {{ total_of("IF(kind = 'charge', amount, 0)") }} AS charged,
        {{ total_of("IF(kind = 'refund', -amount, 0)") }} AS refunded,
        {{ total_of("IF(kind IN ('chargeback', 'chargeback_reversal'), -amount, 0)") }} AS chargebacks,
        {{ fees() }} AS fees,
        {{ total_of("IF(has_arrived, net_amount, 0)") }} AS paid_out,
        {{ total_of("IF(comes_in_payouts AND NOT has_arrived, net_amount, 0)") }} AS open_amount
    FROM movements
    GROUP BY source, order_id
),

rated_orders AS (
    SELECT
        orders.source,
        orders.order_id,
        orders.business_date,
        orders.channel,
        orders.status,
        orders.is_sale,
        orders.is_test,
        orders.currency,
        orders.gross_amount - orders.discount_amount + orders.tax_amount + orders.shipping_amount
        + orders.fee_amount AS total,
        {{ rate_columns("orders.currency", "rates") }}
    FROM `sales.orders` AS orders
    LEFT JOIN `sales.conversion_rates` AS rates
        ON
            orders.business_date = rates.business_date
            AND orders.currency = rates.currency
),

-- An order that is never paid out has no payments: its channel shows whether some were to come. Those of orders before
-- the first charge were not read.
paying_channels AS (
    SELECT
        orders.source,
        orders.channel,
        MIN(paid.first_charged_on) AS first_charged_on
    FROM `sales.orders` AS orders
    INNER JOIN paid
        ON
            orders.source = paid.source
            AND orders.order_id = paid.order_id
    GROUP BY orders.source, orders.channel
),

rated_refunds AS (
    SELECT
        refunds.source,
        refunds.order_id,
        refunds.merchandise_amount + refunds.tax_amount + refunds.shipping_amount AS amount,
        {{ rate_columns("refunds.currency", "rates") }}
    FROM `sales.refunds` AS refunds
    LEFT JOIN `sales.conversion_rates` AS rates
        ON
            refunds.business_date = rates.business_date
            AND refunds.currency = rates.currency
    WHERE refunds.business_date >= DATE '0001-01-01'
),

returned AS (
    SELECT
        source,
        order_id,
        {{ total_of("amount") }} AS amount
    FROM rated_refunds
    GROUP BY source, order_id
),

entries AS (
    SELECT
        COALESCE(orders.source, paid.source) AS source,
        COALESCE(orders.order_id, paid.order_id) AS order_id,
        orders.source IS NOT NULL AS is_known,
        COALESCE(orders.business_date, paid.first_paid_on) AS business_date,
        orders.channel,
        orders.status,
        orders.is_sale,
        orders.is_test,
        orders.currency,
        {{ converted("orders.total") }} AS total,
        paid.charged,
        paid.refunded,
        paid.chargebacks,
        paid.fees,
        paid.paid_out,
        CASE
            WHEN paid.source IS NOT NULL THEN paid.open_amount
            WHEN NOT orders.is_sale OR orders.is_test THEN 0
            WHEN COALESCE(orders.business_date < paying_channels.first_charged_on, TRUE) THEN 0
            WHEN returned.source IS NULL THEN {{ converted("orders.total") }}
            ELSE {{ converted("orders.total") }} - returned.amount
        END AS open_amount,
        COALESCE(paid.payments, 0) AS payments
    FROM rated_orders AS orders
    FULL OUTER JOIN paid
        ON
            orders.source = paid.source
            AND orders.order_id = paid.order_id
    LEFT JOIN paying_channels
        ON
            orders.source = paying_channels.source
            AND orders.channel = paying_channels.channel
    LEFT JOIN returned
        ON
            orders.source = returned.source
            AND orders.order_id = returned.order_id
),

aged AS (
    SELECT
        entries.*,
        IF(
            COALESCE(ROUND(entries.open_amount) <> 0, TRUE),
            DATE_DIFF(newest.business_date, entries.business_date, DAY),
            NULL
        ) AS days_open
    FROM entries
    CROSS JOIN (SELECT MAX(business_date) AS business_date FROM `sales.daily_summary`) AS newest
)

SELECT
    source,
    order_id,
    is_known,
    business_date,
    channel,
    status,
    is_sale,
    is_test,
    currency,
    {% for name in ["total", "charged", "refunded", "chargebacks", "fees", "paid_out", "open_amount"] %}
    {{ view_amount(name) }} AS {{ name }},
    {% endfor %}
    payments,
    days_open,
    COALESCE(days_open > {{ payout_days }}, FALSE) AS is_overdue
FROM aged;
