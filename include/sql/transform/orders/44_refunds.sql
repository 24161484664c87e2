-- Loadable: one row per refund and order line, with channel, country and currency of the current version of the order.
-- Line 0 is the whole order, in the category 'unallocated'; lines that the order does not have are added to it. A
-- refund of an unknown order is kept, in its own currency, else in the reporting currency.
--
-- Returned units give their cost back. An amount only gives none back, and is known where all its lines have a cost.

CREATE TABLE order_costs AS
SELECT
    source,
    order_id,
    CASE WHEN bool_and(cost_amount IS NOT NULL) THEN 0 END AS cost_amount
FROM refunded_lines
GROUP BY source, order_id;

WITH by_line AS (
    SELECT
        typed_refunds.source,
        typed_refunds.order_id,
        typed_refunds.refund_id,
        coalesce(refunded_lines.line_number, 0) AS line_number,
        coalesce(refunded_lines.sku, typed_refunds.sku) AS sku,
        coalesce(refunded_lines.category, 'unallocated') AS category,
        typed_refunds.channel,
        typed_refunds.currency,
        typed_refunds.quantity,
        CASE
            WHEN refunded_lines.line_number IS NULL THEN order_costs.cost_amount
            WHEN refunded_lines.quantity > 0
                THEN
                    share_of(
                        refunded_lines.cost_amount,
                        ten_thousandths(typed_refunds.quantity),
                        ten_thousandths(refunded_lines.quantity)
                    )
            -- A line with a negative amount has no units to divide its cost by.
            ELSE refunded_lines.cost_amount
        END AS cost_amount,
        typed_refunds.merchandise_amount,
        typed_refunds.tax_amount,
        typed_refunds.shipping_amount,
        typed_refunds.reason,
        typed_refunds.refunded_at
    FROM typed_refunds
    LEFT JOIN refunded_lines USING (source, order_id, line_number)
    LEFT JOIN order_costs USING (source, order_id)
    WHERE typed_refunds.is_accepted
    UNION ALL
    SELECT
        allocated_refunds.source,
        allocated_refunds.order_id,
        allocated_refunds.refund_id,
        0,
        NULL,
        'unallocated',
        NULL,
        NULL,
        0,
        order_costs.cost_amount,
        allocated_refunds.merchandise_amount,
        allocated_refunds.tax_amount,
        allocated_refunds.shipping_amount,
        NULL,
        NULL
    FROM allocated_refunds
    LEFT JOIN order_costs USING (source, order_id)
),

merged AS (
    SELECT
        source,
        order_id,
        refund_id,
        line_number,
        any_value(sku) AS sku,
        any_value(category) AS category,
        any_value(channel) AS channel,
        any_value(currency) AS currency,
        sum(quantity)::DECIMAL(18, 4) AS quantity,
        CASE WHEN bool_and(cost_amount IS NOT NULL) THEN sum(cost_amount)::DECIMAL(18, 4) END AS cost_amount,
        sum(merchandise_amount)::DECIMAL(18, 4) AS merchandise_amount,
        sum(tax_amount)::DECIMAL(18, 4) AS tax_amount,
        sum(shipping_amount)::DECIMAL(18, 4) AS shipping_amount,
        any_value(reason) AS reason,
        max(refunded_at) AS refunded_at
    FROM by_line
    GROUP BY source, order_id, refund_id, line_number
)

SELECT
    merged.source::VARCHAR AS source,
    merged.refund_id,
    merged.line_number,
    business_date_of(merged.refunded_at) AS business_date,
    coalesce(orders.channel, merged.channel, merged.source) AS channel,
    merged.order_id,
    orders.business_date AS order_business_date,
    merged.sku,
    merged.category,
    orders.country_code,
    coalesce(orders.currency, merged.currency, getvariable('reporting_currency')) AS currency,
    merged.quantity,
    merged.merchandise_amount,
    merged.tax_amount,
    merged.shipping_amount,
    merged.cost_amount,
    merged.reason,
    coalesce(orders.is_sale, TRUE) AS is_sale,
    coalesce(orders.is_test, FALSE) AS is_test,
    merged.refunded_at,
    read_at_of(merged.source) AS read_at,
    getvariable('run_id') AS run_id
FROM merged
LEFT JOIN refunded_orders AS orders USING (source, order_id);
