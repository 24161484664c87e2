-- The days of the period and of those it is compared with, the earliest first, each with the business days of the orders that
-- were refunded on it. Days that are not known have no figures, or no row. `state` of all rows is that of `products.sql`.
{% from "warehouse/macros/slices.sql" import state_of_days with context %}
WITH refunded AS (
    SELECT
        business_date,
        ARRAY_AGG(DISTINCT order_business_date ORDER BY order_business_date) AS order_days
    FROM `sales.refunds`
    WHERE {{ days("business_date") }}
        AND order_business_date IS NOT NULL
        AND is_sale
        AND NOT is_test
    GROUP BY business_date
),

states AS (
    {{ state_of_days() }}
)

SELECT
    comparable.business_date,
    comparable.is_complete,
    COALESCE(comparable.missing_sources, []) AS missing_sources,
    {% for figure in headline_figures %}
    comparable.{{ figure }},
    {% endfor %}
    {% for figure in headline_figures.values() | map(attribute="known_by") | reject("none") | unique %}
    comparable.has_{{ figure }},
    {% endfor %}
    comparable.cost_of_goods,
    comparable.sales_with_cost,
    COALESCE(refunded.order_days, []) AS order_days,
    states.state
FROM `sales.comparable_days` AS comparable
CROSS JOIN states
LEFT JOIN refunded
    ON comparable.business_date = refunded.business_date
WHERE {{ days("comparable.business_date") }}
ORDER BY comparable.business_date
