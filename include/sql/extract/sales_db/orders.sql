-- One row per order.
SELECT
    order_id,
    customer_id,
    status,
    currency,
    shipping_country,
    shipping_amount,
    coupon_code,
    is_test,
    ordered_at,
    updated_at
FROM read_orders
