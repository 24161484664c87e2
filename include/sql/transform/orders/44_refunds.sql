-- Loadable: one row per refund and order line, with channel, country and currency of the current version of the order.
-- Line 0 is the whole order, in the category 'unallocated'; lines that the order does not have are added to it. A
-- refund of an unknown order is kept, in the reporting currency.

CREATE VIEW refunds AS
WITH by_line AS (
    SELECT
        typed_refunds.order_id,
        typed_refunds.refund_id,
        coalesce(refunded_lines.line_number, 0) AS line_number,
        refunded_lines.sku,
        coalesce(refunded_lines.category, 'unallocated') AS category,
        typed_refunds.quantity,
        typed_refunds.merchandise_amount,
        typed_refunds.tax_amount,
        typed_refunds.shipping_amount,
        typed_refunds.reason,
        typed_refunds.refunded_at
    FROM typed_refunds
    LEFT JOIN refunded_lines USING (order_id, line_number)
    WHERE typed_refunds.is_accepted
    UNION ALL
    SELECT
        allocated_refunds.order_id,
        allocated_refunds.refund_id,
        0,
        NULL,
        'unallocated',
        0,
        allocated_refunds.merchandise_amount,
        allocated_refunds.tax_amount,
        allocated_refunds.shipping_amount,
        NULL,
        NULL
    FROM allocated_refunds
),

merged AS (
    SELECT
        order_id,
        refund_id,
        line_number,
        any_value(sku) AS sku,
        any_value(category) AS category,
        sum(quantity)::DECIMAL(18, 4) AS quantity,
        sum(merchandise_amount)::DECIMAL(18, 4) AS merchandise_amount,
        sum(tax_amount)::DECIMAL(18, 4) AS tax_amount,
        sum(shipping_amount)::DECIMAL(18, 4) AS shipping_amount,
        any_value(reason) AS reason,
        max(refunded_at) AS refunded_at
    FROM by_line
    GROUP BY order_id, refund_id, line_number
)

SELECT
    getvariable('source') AS source,
    merged.refund_id,
    merged.line_number,
    business_date_of(merged.refunded_at) AS business_date,
    coalesce(orders.channel, getvariable('source')) AS channel,
    merged.order_id,
    orders.business_date AS order_business_date,
    merged.sku,
    merged.category,
    orders.country_code,
    coalesce(orders.currency, getvariable('reporting_currency')) AS currency,
    merged.quantity,
    merged.merchandise_amount,
    merged.tax_amount,
    merged.shipping_amount,
    merged.reason,
    coalesce(orders.is_sale, TRUE) AS is_sale,
    coalesce(orders.is_test, FALSE) AS is_test,
    merged.refunded_at,
    getvariable('read_at') AS read_at,
    getvariable('run_id') AS run_id
FROM merged
LEFT JOIN refunded_orders AS orders USING (order_id);
