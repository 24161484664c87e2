{% from "warehouse/macros/conversion.sql" import currency_amount, view_amount with context %}
CREATE VIEW IF NOT EXISTS `sales.customer_value` (
    customer_hash OPTIONS (description = "Keyed hash that identifies the customer across sources."),
    first_order_date OPTIONS (description = "Business day of the customer's first counted order."),
    last_order_date OPTIONS (description = "Business day of the last one."),
    first_channel OPTIONS (description = "Sales channel of the first one."),
    orders OPTIONS (description = "Counted orders."),
    unconverted_orders OPTIONS (description = "Orders that are not in net_sales, because an exchange rate of the order or of one of its refunds is missing."),
    net_sales OPTIONS (description = "Net sales of these orders after refunds, in reporting currency, without those in unconverted_orders; 0 where all are."),
    average_order_value OPTIONS (description = "SAFE_DIVIDE(net_sales, orders - unconverted_orders), with the decimals of the reporting currency; NULL where no order is converted."),
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
        placed.customer_hash,
        MIN(placed.business_date) AS first_order_date,
        MAX(placed.business_date) AS last_order_date,
        MIN(placed.first_channel) AS first_channel,
        COUNT(*) AS orders,
        COUNTIF(amounts.net IS NULL) AS unconverted_orders,
        {{ view_amount("COALESCE(SUM(amounts.net), 0)") }} AS net_sales,
        {{ currency_amount("AVG(amounts.net)") }} AS average_order_value,
        AVG(placed.days_since_previous) AS days_between_orders
    FROM `sales.customer_orders` AS placed
    INNER JOIN `sales.order_amounts` AS amounts
        ON
            placed.source = amounts.source
            AND placed.order_id = amounts.order_id
    WHERE NOT placed.is_guest
    GROUP BY placed.customer_hash
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
    scored.unconverted_orders,
    scored.net_sales,
    scored.average_order_value,
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
