-- Number of counted orders of the day. Read from `orders`, because an order with two categories has two rows in
-- daily_sales.
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
