CREATE VIEW IF NOT EXISTS `sales.repeat_purchases` (
    first_order_month OPTIONS (description = "First day of the month of the customers' first order: the cohort."),
    customers OPTIONS (description = "Customers of the cohort."),
    observed_days OPTIONS (description = "Days from the end of that month to the newest day with orders: a share of more days will still grow."),
    customers_30 OPTIONS (description = "Customers with a second order within 30 days of the first."),
    share_30 OPTIONS (description = "SAFE_DIVIDE(customers_30, customers)."),
    customers_60 OPTIONS (description = "Customers with a second order within 60 days of the first."),
    share_60 OPTIONS (description = "SAFE_DIVIDE(customers_60, customers)."),
    customers_90 OPTIONS (description = "Customers with a second order within 90 days of the first."),
    share_90 OPTIONS (description = "SAFE_DIVIDE(customers_90, customers)."),
    customers_365 OPTIONS (description = "Customers with a second order within 365 days of the first."),
    share_365 OPTIONS (description = "SAFE_DIVIDE(customers_365, customers)."),
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
        COUNTIF(order_number = 2 AND days_since_previous <= 30) AS customers_30,
        COUNTIF(order_number = 2 AND days_since_previous <= 60) AS customers_60,
        COUNTIF(order_number = 2 AND days_since_previous <= 90) AS customers_90,
        COUNTIF(order_number = 2 AND days_since_previous <= 365) AS customers_365,
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
    cohorts.customers_30,
    ROUND(SAFE_DIVIDE(cohorts.customers_30, cohorts.customers), 4) AS share_30,
    cohorts.customers_60,
    ROUND(SAFE_DIVIDE(cohorts.customers_60, cohorts.customers), 4) AS share_60,
    cohorts.customers_90,
    ROUND(SAFE_DIVIDE(cohorts.customers_90, cohorts.customers), 4) AS share_90,
    cohorts.customers_365,
    ROUND(SAFE_DIVIDE(cohorts.customers_365, cohorts.customers), 4) AS share_365,
    cohorts.guest_orders
FROM cohorts
CROSS JOIN newest;
