CREATE VIEW IF NOT EXISTS `sales.customer_value` (
    customer_hash OPTIONS (description = "Keyed hash that identifies the customer across sources."),
    first_order_date OPTIONS (description = "Business day of the customer's first counted order."),
    last_order_date OPTIONS (description = "Business day of the last one."),
    first_channel OPTIONS (description = "Sales channel of the first one."),
    orders OPTIONS (description = "Counted orders."),
    net_sales OPTIONS (description = "Net sales of these orders after refunds, in reporting currency; orders without an exchange rate are left out."),
    average_order_value OPTIONS (description = "net_sales, divided by the number of orders with an exchange rate; NULL without one."),
    days_between_orders OPTIONS (description = "Average days between two orders of this customer; NULL with one order. Its average counts each customer once: how long a typical customer waits. days_since_previous of customer_orders counts each repeat order."),
    days_since_last_order OPTIONS (description = "Days from the last order to the newest day with orders of anybody."),
    recency OPTIONS (description = "1 to 5: the fifth of all customers by last_order_date, 5 the latest. Equal customers have the same score."),
    frequency OPTIONS (description = "1 to 5, by orders, 5 the most."),
    monetary OPTIONS (description = "1 to 5, by net_sales, 5 the most."),
    segment OPTIONS (description = "By recency and frequency: see DEFINITIONS.md.")
)
OPTIONS (
    description = "One row per customer with a counted order. Guests, who name no customer, are not here."
)
AS
WITH customers AS (
    SELECT
        customer_hash,
        MIN(business_date) AS first_order_date,
        MAX(business_date) AS last_order_date,
        MIN(first_channel) AS first_channel,
        COUNT(*) AS orders,
        COUNT(net_sales) AS converted_orders,
        COALESCE(SUM(net_sales), 0) AS net_sales,
        AVG(days_since_previous) AS days_between_orders
    FROM `sales.customer_orders`
    WHERE NOT is_guest
    GROUP BY customer_hash
),

newest AS (
    SELECT MAX(business_date) AS day
    FROM `sales.customer_orders`
),

scored AS (
    SELECT
        customers.*,
        1 + DIV(5 * (RANK() OVER (ORDER BY last_order_date) - 1), COUNT(*) OVER ()) AS recency,
        1 + DIV(5 * (RANK() OVER (ORDER BY orders) - 1), COUNT(*) OVER ()) AS frequency,
        1 + DIV(5 * (RANK() OVER (ORDER BY net_sales) - 1), COUNT(*) OVER ()) AS monetary
    FROM customers
)

SELECT
    scored.customer_hash,
    scored.first_order_date,
    scored.last_order_date,
    scored.first_channel,
    scored.orders,
    scored.net_sales,
    CAST(ROUND(SAFE_DIVIDE(scored.net_sales, scored.converted_orders), 2) AS BIGNUMERIC) AS average_order_value,
    ROUND(scored.days_between_orders, 1) AS days_between_orders,
    DATE_DIFF(newest.day, scored.last_order_date, DAY) AS days_since_last_order,
    scored.recency,
    scored.frequency,
    scored.monetary,
    CASE
        WHEN scored.orders = 1 AND scored.recency >= 4 THEN 'new'
        WHEN scored.orders = 1 AND scored.recency <= 2 THEN 'lost after one order'
        WHEN scored.orders = 1 THEN 'one order'
        WHEN scored.recency >= 4 AND scored.frequency >= 4 THEN 'best'
        WHEN scored.recency >= 3 THEN 'loyal'
        WHEN scored.frequency >= 4 THEN 'best, at risk'
        ELSE 'at risk'
    END AS segment
FROM scored
CROSS JOIN newest;
