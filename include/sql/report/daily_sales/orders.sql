-- The day's counted orders. From `orders`, because an order with lines in two categories is in two rows of daily_sales.
SELECT
    channel,
    COALESCE(country_code, 'ZZ') AS country_code,
    currency,
    COUNT(*) AS orders
FROM {{ table("orders") }}
WHERE business_date = {{ day }}
    AND is_sale
    AND NOT is_test
GROUP BY channel, country_code, currency
