{% set periods = [30, 60, 90, 365] %}
CREATE VIEW IF NOT EXISTS `sales.repeat_purchases` (
    first_order_month OPTIONS (description = "First day of the month of the customers' first order: the cohort."),
    customers OPTIONS (description = "Customers of the cohort."),
    observed_days OPTIONS (description = "Days from the end of that month to the newest day with orders: a share of more days will still grow."),
    {% for days in periods %}
    customers_{{ days }} OPTIONS (description = "Customers with a second order within {{ days }} days of the first."),
    share_{{ days }} OPTIONS (description = "SAFE_DIVIDE(customers_{{ days }}, customers)."),
    {% endfor %}
    guest_orders OPTIONS (description = "Orders of this month that name no customer; in no other column.")
)
OPTIONS (
    description = "One row per month of first orders: how many customers ordered a second time, and how soon."
)
AS
WITH cohorts AS (
    SELECT
        first_order_month,
        COUNT(DISTINCT customer_hash) AS customers,
        {% for days in periods %}
        COUNTIF(order_number = 2 AND days_since_previous <= {{ days }}) AS customers_{{ days }},
        {% endfor %}
        COUNTIF(is_guest) AS guest_orders
    FROM `sales.customer_orders`
    GROUP BY first_order_month
),

newest AS (
    SELECT MAX(business_date) AS day
    FROM `sales.customer_orders`
)

SELECT
    cohorts.first_order_month,
    cohorts.customers,
    GREATEST(DATE_DIFF(newest.day, LAST_DAY(cohorts.first_order_month, MONTH), DAY), 0) AS observed_days,
    {% for days in periods %}
    cohorts.customers_{{ days }},
    ROUND(SAFE_DIVIDE(cohorts.customers_{{ days }}, cohorts.customers), 4) AS share_{{ days }},
    {% endfor %}
    cohorts.guest_orders
FROM cohorts
CROSS JOIN newest;
