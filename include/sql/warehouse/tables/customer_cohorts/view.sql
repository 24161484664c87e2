{% from "warehouse/macros/conversion.sql" import currency_amount, view_amount with context %}
CREATE VIEW IF NOT EXISTS `sales.customer_cohorts` (
    first_order_month OPTIONS (description = "First day of the month of the customers' first order: the cohort."),
    months_since OPTIONS (description = "Calendar months after that month, from 0 to the newest month with orders."),
    customers OPTIONS (description = "Customers of the cohort."),
    active_customers OPTIONS (description = "Those with an order in this month."),
    active_rate OPTIONS (description = "SAFE_DIVIDE(active_customers, customers), the retention."),
    repeat_customers OPTIONS (description = "Those with a second order in this month or before."),
    repeat_rate OPTIONS (description = "SAFE_DIVIDE(repeat_customers, customers)."),
    orders OPTIONS (description = "Their orders in this month."),
    unconverted_orders OPTIONS (description = "Orders that are not in net_sales, because an exchange rate of the order or of one of its refunds is missing."),
    net_sales OPTIONS (description = "Net sales of these orders after refunds of any day, in reporting currency, without those in unconverted_orders; 0 where none is left."),
    cumulative_net_sales OPTIONS (description = "Net sales of this month and those before."),
    cumulative_net_sales_per_customer OPTIONS (description = "SAFE_DIVIDE(cumulative_net_sales, customers), the lifetime value until then, with the decimals of the reporting currency."),
    is_complete OPTIONS (description = "Whether this month is over: FALSE for the newest month, unless its last day has orders.")
)
OPTIONS (
    description = "One row per month of first orders and month since, also without orders. Guests, who cannot return, are not counted: see guest_orders of repeat_purchases."
)
AS
WITH placed AS (
    SELECT
        orders.first_order_month,
        orders.customer_hash,
        orders.order_number,
        amounts.net,
        DATE_DIFF(DATE_TRUNC(orders.business_date, MONTH), orders.first_order_month, MONTH) AS months_since
    FROM `sales.customer_orders` AS orders
    INNER JOIN `sales.order_amounts` AS amounts
        ON
            orders.source = amounts.source
            AND orders.order_id = amounts.order_id
    WHERE NOT orders.is_guest
),

cohorts AS (
    SELECT
        first_order_month,
        COUNT(DISTINCT customer_hash) AS customers
    FROM placed
    GROUP BY first_order_month
),

newest AS (
    SELECT MAX(business_date) AS day
    FROM `sales.customer_orders`
),

months AS (
    SELECT
        cohorts.first_order_month,
        cohorts.customers,
        months_since,
        DATE_ADD(cohorts.first_order_month, INTERVAL months_since + 1 MONTH) <= DATE_ADD(newest.day, INTERVAL 1 DAY)
            AS is_complete
    FROM cohorts
    CROSS JOIN newest
    CROSS JOIN UNNEST(GENERATE_ARRAY(0, DATE_DIFF(newest.day, cohorts.first_order_month, MONTH))) AS months_since
),

sums AS (
    SELECT
        first_order_month,
        months_since,
        COUNT(DISTINCT customer_hash) AS active_customers,
        COUNTIF(order_number = 2) AS second_orders,
        COUNT(*) AS orders,
        COUNTIF(net IS NULL) AS unconverted_orders,
        SUM(net) AS net
    FROM placed
    GROUP BY first_order_month, months_since
),

running AS (
    SELECT
        months.first_order_month,
        months.months_since,
        months.customers,
        months.is_complete,
        COALESCE(sums.active_customers, 0) AS active_customers,
        COALESCE(sums.orders, 0) AS orders,
        COALESCE(sums.unconverted_orders, 0) AS unconverted_orders,
        COALESCE(sums.net, 0) AS net,
        SUM(COALESCE(sums.second_orders, 0)) OVER (
            PARTITION BY months.first_order_month ORDER BY months.months_since
        ) AS repeat_customers,
        SUM(COALESCE(sums.net, 0)) OVER (
            PARTITION BY months.first_order_month ORDER BY months.months_since
        ) AS cumulative_net
    FROM months
    LEFT JOIN sums
        ON
            months.first_order_month = sums.first_order_month
            AND months.months_since = sums.months_since
)

SELECT
    first_order_month,
    months_since,
    customers,
    active_customers,
    ROUND(active_customers / customers, 4) AS active_rate,
    repeat_customers,
    ROUND(repeat_customers / customers, 4) AS repeat_rate,
    orders,
    unconverted_orders,
    {{ view_amount("net") }} AS net_sales,
    {{ view_amount("cumulative_net") }} AS cumulative_net_sales,
    {{ currency_amount("cumulative_net / customers") }} AS cumulative_net_sales_per_customer,
    is_complete
FROM running;
