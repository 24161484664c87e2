-- The days of the period, and business days of the orders that were refunded in it and in those it is compared with. `state` of
-- all rows is that of `products.sql`.
{% from "warehouse/macros/slices.sql" import state_of_days with context %}
WITH states AS (
    {{ state_of_days() }}
),

read_days AS (
    SELECT day AS business_date
    FROM UNNEST(GENERATE_DATE_ARRAY({{ first }}, {{ report_day }})) AS day
    UNION DISTINCT
    SELECT order_business_date AS business_date
    FROM `sales.refunds`
    WHERE {{ days("business_date") }}
        AND order_business_date IS NOT NULL
        AND is_sale
        AND NOT is_test
)

SELECT
    read_days.business_date,
    states.state
FROM states
CROSS JOIN read_days
ORDER BY read_days.business_date
