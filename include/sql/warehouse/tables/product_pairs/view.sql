CREATE VIEW IF NOT EXISTS `sales.product_pairs` (
    sku_a OPTIONS (description = "One product of the pair; each pair is there once, in alphabetical order."),
    sku_b OPTIONS (description = "The other one."),
    orders OPTIONS (description = "Counted orders with both."),
    orders_a OPTIONS (description = "Orders with the first."),
    orders_b OPTIONS (description = "Orders with the second."),
    support OPTIONS (description = "orders, divided by all orders, also those without a SKU."),
    confidence_a_to_b OPTIONS (description = "SAFE_DIVIDE(orders, orders_a): how many buyers of the first also take the second."),
    confidence_b_to_a OPTIONS (description = "SAFE_DIVIDE(orders, orders_b)."),
    lift OPTIONS (description = "How much more often they are bought together than if buyers chose by chance; 1 is chance.")
)
OPTIONS (
    description = "The 1,000 pairs of products that were most often bought together in the 90 days up to the newest day with orders, in at least 2 orders. Orders with more than 200 lines are left out of all figures."
)
AS
WITH newest AS (
    SELECT MAX(business_date) AS day
    FROM `sales.orders`
    WHERE
        is_sale
        AND NOT is_test
),

placed AS (
    SELECT
        orders.source,
        orders.order_id,
        orders.business_date
    FROM `sales.orders` AS orders
    INNER JOIN newest
        ON orders.business_date > DATE_SUB(newest.day, INTERVAL 90 DAY)
    WHERE
        orders.is_sale
        AND NOT orders.is_test
        AND orders.item_count <= 200
),

baskets AS (
    SELECT DISTINCT
        placed.source,
        placed.order_id,
        lines.sku
    FROM placed
    INNER JOIN `sales.order_lines` AS lines
        ON
            placed.source = lines.source
            AND placed.order_id = lines.order_id
            AND placed.business_date = lines.business_date
    WHERE
        lines.business_date >= DATE '0001-01-01'
        AND lines.sku IS NOT NULL
),

by_product AS (
    SELECT
        sku,
        COUNT(*) AS orders
    FROM baskets
    GROUP BY sku
),

all_orders AS (
    SELECT COUNT(*) AS orders
    FROM placed
),

pairs AS (
    SELECT
        a.sku AS sku_a,
        b.sku AS sku_b,
        COUNT(*) AS orders
    FROM baskets AS a
    INNER JOIN baskets AS b
        ON
            a.source = b.source
            AND a.order_id = b.order_id
            AND a.sku < b.sku
    GROUP BY a.sku, b.sku
    HAVING COUNT(*) >= 2
    ORDER BY orders DESC, sku_a ASC, sku_b ASC
    LIMIT 1000
)

SELECT
    pairs.sku_a,
    pairs.sku_b,
    pairs.orders,
    product_a.orders AS orders_a,
    product_b.orders AS orders_b,
    ROUND(pairs.orders / all_orders.orders, 6) AS support,
    ROUND(pairs.orders / product_a.orders, 4) AS confidence_a_to_b,
    ROUND(pairs.orders / product_b.orders, 4) AS confidence_b_to_a,
    ROUND(pairs.orders * all_orders.orders / (product_a.orders * product_b.orders), 4) AS lift
FROM pairs
INNER JOIN by_product AS product_a
    ON pairs.sku_a = product_a.sku
INNER JOIN by_product AS product_b
    ON pairs.sku_b = product_b.sku
CROSS JOIN all_orders;
