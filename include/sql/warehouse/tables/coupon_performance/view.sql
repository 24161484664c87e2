CREATE VIEW IF NOT EXISTS `sales.coupon_performance` (
    business_date OPTIONS (description = "Business day of the orders."),
    coupon_code OPTIONS (description = "Code that was used, in lower case."),
    orders OPTIONS (description = "Counted orders with the code; an order with several counts for each."),
    customers OPTIONS (description = "Customers of these orders."),
    new_customers OPTIONS (description = "Those whose first order is one of them."),
    gross_sales OPTIONS (description = "Gross sales of these orders in reporting currency; of an order with several codes, each has an equal part."),
    discounts OPTIONS (description = "All discounts of these orders, also those that no code gave; divided in the same way."),
    net_sales OPTIONS (description = "Net sales after refunds of any day; divided in the same way.")
)
OPTIONS (
    description = "One row per business day and coupon code. Orders without a code are not here."
)
AS
WITH used AS (
    SELECT
        orders.source,
        orders.order_id,
        orders.business_date,
        orders.customer_hash,
        orders.gross_sales,
        orders.discounts,
        orders.net_sales,
        LOWER(TRIM(code)) AS coupon_code
    FROM `sales.orders_reporting` AS orders
    -- WooCommerce and Shopify have several codes of an order, joined by commas.
    CROSS JOIN UNNEST(SPLIT(orders.coupon_code, ',')) AS code
    WHERE
        orders.is_sale
        AND NOT orders.is_test
        AND TRIM(code) <> ''
    GROUP BY
        orders.source,
        orders.order_id,
        orders.business_date,
        orders.customer_hash,
        orders.gross_sales,
        orders.discounts,
        orders.net_sales,
        LOWER(TRIM(code))
),

divided AS (
    SELECT
        used.*,
        customer_orders.order_number = 1 AS is_first,
        COUNT(*) OVER (PARTITION BY used.source, used.order_id) AS codes
    FROM used
    INNER JOIN `sales.customer_orders` AS customer_orders
        ON
            used.source = customer_orders.source
            AND used.order_id = customer_orders.order_id
)

SELECT
    business_date,
    coupon_code,
    COUNT(*) AS orders,
    COUNT(DISTINCT customer_hash) AS customers,
    COUNT(DISTINCT IF(is_first, customer_hash, NULL)) AS new_customers,
    CAST(ROUND(SUM(gross_sales / codes), 4) AS BIGNUMERIC) AS gross_sales,
    CAST(ROUND(SUM(discounts / codes), 4) AS BIGNUMERIC) AS discounts,
    CAST(ROUND(SUM(net_sales / codes), 4) AS BIGNUMERIC) AS net_sales
FROM divided
GROUP BY business_date, coupon_code;
