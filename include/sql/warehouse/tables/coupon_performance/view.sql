{% from "warehouse/macros/conversion.sql" import view_amount %}
CREATE VIEW IF NOT EXISTS `sales.coupon_performance` (
    business_date OPTIONS (description = "Business day of the orders."),
    coupon_code OPTIONS (description = "Code that was used, in lower case."),
    orders OPTIONS (description = "Counted orders with the code; an order with several counts for each."),
    unconverted_orders OPTIONS (description = "Orders that are not in net_sales, because an exchange rate of the order or of one of its refunds is missing."),
    customers OPTIONS (description = "Customers of these orders."),
    new_customers OPTIONS (description = "Those whose first order is one of them."),
    gross_sales OPTIONS (description = "Gross sales of these orders in reporting currency, without those that have no exchange rate; 0 where none has one. Of an order with several codes, each has an equal part."),
    discounts OPTIONS (description = "All discounts of these orders, also those that no code gave; divided in the same way."),
    net_sales OPTIONS (description = "Net sales after refunds of any day; divided in the same way.")
)
OPTIONS (
    description = "One row per business day and coupon code. Orders without a code are not here."
)
AS
WITH used AS (
    SELECT DISTINCT
        orders.source,
        orders.order_id,
        orders.gross,
        orders.discount,
        orders.net,
        LOWER(TRIM(code)) AS coupon_code
    FROM `sales.order_amounts` AS orders
    -- WooCommerce and Shopify have several codes of an order, joined by commas.
    CROSS JOIN UNNEST(SPLIT(orders.coupon_code, ',')) AS code
    WHERE TRIM(code) <> ''
),

divided AS (
    SELECT
        used.*,
        placed.business_date,
        placed.customer_hash,
        placed.order_number = 1 AS is_first,
        COUNT(*) OVER (PARTITION BY used.source, used.order_id) AS codes
    FROM used
    INNER JOIN `sales.customer_orders` AS placed
        ON
            used.source = placed.source
            AND used.order_id = placed.order_id
)

SELECT
    business_date,
    coupon_code,
    COUNT(*) AS orders,
    COUNTIF(net IS NULL) AS unconverted_orders,
    COUNT(DISTINCT customer_hash) AS customers,
    COUNT(DISTINCT IF(is_first, customer_hash, NULL)) AS new_customers,
    {{ view_amount("COALESCE(SUM(gross / codes), 0)") }} AS gross_sales,
    {{ view_amount("COALESCE(SUM(discount / codes), 0)") }} AS discounts,
    {{ view_amount("COALESCE(SUM(net / codes), 0)") }} AS net_sales
FROM divided
GROUP BY business_date, coupon_code;
