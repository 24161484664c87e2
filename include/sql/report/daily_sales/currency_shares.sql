-- Gross sales by channel and category on the days, and the part in the excluded currencies; in reporting currency.
SELECT
    channel,
    category,
    COALESCE(SUM(gross_sales_reporting), 0) AS gross_sales,
    COALESCE(SUM(IF(currency IN UNNEST(@currencies), gross_sales_reporting, 0)), 0) AS excluded
FROM {{ table("daily_sales") }}
WHERE {{ days("business_date") }}
GROUP BY channel, category
