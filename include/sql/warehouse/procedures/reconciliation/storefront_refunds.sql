-- Refunds of the storefront's orders of some days, whenever they were made.
SELECT
    refund_id,
    line_number,
    business_date,
    order_id,
    order_business_date,
    merchandise_amount,
    tax_amount,
    shipping_amount
FROM {{ table("refunds") }}
WHERE
    business_date >= {{ first_day }}
    AND {{ days("order_business_date") }}
    AND source = 'storefront';
