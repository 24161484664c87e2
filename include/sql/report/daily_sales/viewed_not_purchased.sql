-- Products with the most visitors on the day and no sale in any channel.
WITH viewed AS (
    SELECT
        sku,
        COUNT(DISTINCT visitor_hash) AS visitors
    FROM `sales.user_events`
    WHERE business_date = {{ report_day }}
        AND event_type = 'view_item'
        AND NOT is_bot
        AND sku IS NOT NULL
    GROUP BY sku
),

sold AS (
    SELECT DISTINCT sku
    FROM `sales.order_lines`
    WHERE business_date = {{ report_day }}
        AND is_sale
        AND NOT is_test
)

SELECT
    viewed.sku,
    products.name,
    viewed.visitors
FROM viewed
LEFT JOIN sold
    ON viewed.sku = sold.sku
LEFT JOIN `sales.products` AS products
    ON viewed.sku = products.sku
WHERE sold.sku IS NULL
    AND viewed.visitors > 0
ORDER BY viewed.visitors DESC, viewed.sku ASC
LIMIT {{ most }}
