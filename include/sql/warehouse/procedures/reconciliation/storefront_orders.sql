-- The storefront's orders as stored, without what only says when and by which run they were read.
SELECT
    order_id,
    business_date,
    status,
    is_sale,
    is_test,
    currency,
    country_code,
    customer_hash,
    coupon_code,
    item_count,
    gross_amount,
    discount_amount,
    tax_amount,
    shipping_amount,
    fee_amount,
    ordered_at
FROM {{ table("orders") }}
WHERE
    {{ days("business_date") }}
    AND source = 'storefront';
