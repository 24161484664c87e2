{% from "warehouse/macros/conversion.sql" import converted, rate_columns, view_amount with context %}
{% from "warehouse/macros/payments.sql" import fees, payment_days, rated_payments with context %}
CREATE VIEW IF NOT EXISTS `sales.contribution_margin` (
    business_date OPTIONS (description = "Business day of the orders and refunds."),
    source OPTIONS (description = "Source of the orders: the shop."),
    channel OPTIONS (description = "Sales channel of the orders."),
    category OPTIONS (description = "Product category; 'unallocated' of refunds of whole orders."),
    sku OPTIONS (description = "Stock keeping unit; NULL where the line has none."),
    net_sales OPTIONS (description = "Net sales of counted orders."),
    fees OPTIONS (description = "Fees and commissions of the orders' payments, whenever they were paid, divided over the lines by amount after discount; NULL where no order's are known. A refund has none."),
    sales_with_fees OPTIONS (description = "The part of net_sales whose fees are known; NULL where none is."),
    covered_sales OPTIONS (description = "The part of net_sales whose cost and fees are both known; NULL where none is."),
    contribution OPTIONS (description = "covered_sales less their cost of goods and fees: the contribution margin. A margin of all sales needs covered_sales of at least 95 % of net_sales.")
)
OPTIONS (
    description = "One row per business day, source, channel, category and product with a sale or return, in reporting currency: what is left of net sales after cost of goods and payment fees. Amounts are NULL where an exchange rate is missing."
)
AS
WITH rated_payments AS (
    {{ rated_payments(read_days("payments.business_date", before=7, after=payment_days)) }}
),

order_fees AS (
    SELECT
        source,
        order_id,
        {{ fees() }} AS fees
    FROM rated_payments
    WHERE order_id IS NOT NULL
    GROUP BY source, order_id
),

lines AS (
    SELECT
        business_date,
        source,
        order_id,
        channel,
        category,
        sku,
        currency,
        amount_after_discount AS net_sales,
        cost_amount,
        SUM(amount_after_discount) OVER (PARTITION BY source, order_id) AS order_amount,
        COUNT(*) OVER (PARTITION BY source, order_id) AS order_lines
    FROM `sales.order_lines`
    WHERE
        {{ days("business_date") }}
        AND is_sale
        AND NOT is_test
),

entries AS (
    SELECT
        lines.business_date,
        lines.source,
        lines.channel,
        lines.category,
        lines.sku,
        lines.currency,
        lines.net_sales,
        lines.cost_amount,
        -- By amount; by number where the amounts are nothing together.
        IF(
            lines.order_amount = 0,
            order_fees.fees / lines.order_lines,
            order_fees.fees * CAST(lines.net_sales * 10000 AS BIGNUMERIC) / CAST(lines.order_amount * 10000 AS BIGNUMERIC)
        ) AS fees
    FROM lines
    LEFT JOIN order_fees
        ON
            lines.source = order_fees.source
            AND lines.order_id = order_fees.order_id
    UNION ALL
    SELECT
        refunds.business_date,
        refunds.source,
        refunds.channel,
        refunds.category,
        refunds.sku,
        refunds.currency,
        -refunds.merchandise_amount AS net_sales,
        -refunds.cost_amount AS cost_amount,
        order_fees.fees * 0 AS fees
    FROM `sales.refunds` AS refunds
    LEFT JOIN order_fees
        ON
            refunds.source = order_fees.source
            AND refunds.order_id = order_fees.order_id
    WHERE
        {{ days("refunds.business_date") }}
        AND refunds.is_sale
        AND NOT refunds.is_test
),

rated AS (
    SELECT
        entries.*,
        {{ rate_columns("entries.currency", "rates") }}
    FROM entries
    LEFT JOIN `sales.conversion_rates` AS rates
        ON
            entries.business_date = rates.business_date
            AND entries.currency = rates.currency
),

amounts AS (
    SELECT
        business_date,
        source,
        channel,
        category,
        sku,
        {{ converted("net_sales") }} AS net_sales,
        {{ converted("cost_amount") }} AS cost,
        fees
    FROM rated
),

sums AS (
    SELECT
        business_date,
        source,
        channel,
        category,
        sku,
        LOGICAL_AND(net_sales IS NOT NULL) AS is_converted,
        SUM(net_sales) AS net_sales,
        SUM(fees) AS fees,
        SUM(IF(fees IS NULL, NULL, net_sales)) AS sales_with_fees,
        SUM(IF(fees IS NULL OR cost IS NULL, NULL, net_sales)) AS covered_sales,
        SUM(net_sales - cost - fees) AS contribution
    FROM amounts
    GROUP BY business_date, source, channel, category, sku
)

SELECT
    business_date,
    source,
    channel,
    category,
    sku,
    {% for name in ["net_sales", "fees", "sales_with_fees", "covered_sales", "contribution"] %}
    {{ view_amount("IF(is_converted, " ~ name ~ ", NULL)") }} AS {{ name }}{{ "," if not loop.last }}
    {% endfor %}
FROM sums;
