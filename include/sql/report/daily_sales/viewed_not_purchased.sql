-- The products that most people looked at on the day and nobody bought, on the website or elsewhere.
WITH viewed AS (
    SELECT
        sku,
        COUNT(DISTINCT visitor_hash) AS visitors
    FROM {{ table("user_events") }}
    WHERE business_date = {{ day }}
        AND event_type = 'view_item'
        AND NOT is_bot
        AND sku IS NOT NULL
    GROUP BY sku
),

bought AS (
    SELECT DISTINCT sku
    FROM {{ table("order_lines") }}
    WHERE business_date = {{ day }}
        AND is_sale
        AND NOT is_test
)

SELECT
    viewed.sku,
    products.name,
    viewed.visitors
FROM viewed
LEFT JOIN bought
    ON viewed.sku = bought.sku
LEFT JOIN {{ table("products") }} AS products
    ON viewed.sku = products.sku
WHERE bought.sku IS NULL
    AND viewed.visitors > 0
ORDER BY viewed.visitors DESC, viewed.sku ASC
LIMIT {{ most }}
