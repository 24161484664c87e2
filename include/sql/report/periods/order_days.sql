-- Business days of the orders that were refunded in the period and those it is compared with, or one row without a day. `state`
-- of all rows is that of `products.sql`.
{% from "warehouse/macros/slices.sql" import state_of_days with context %}
WITH states AS (
    {{ state_of_days() }}
),

refunded AS (
    SELECT DISTINCT order_business_date AS business_date
    FROM `sales.refunds`
    WHERE {{ days("business_date") }}
        AND order_business_date IS NOT NULL
        AND is_sale
        AND NOT is_test
)

SELECT
    refunded.business_date,
    states.state
FROM states
LEFT JOIN refunded
    ON TRUE
ORDER BY refunded.business_date
