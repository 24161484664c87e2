-- Daily gross sales by category and by channel in reporting currency, without amounts that have no exchange rate.
SELECT
    business_date,
    'category' AS kind,
    category AS name,
    SUM(gross_sales_reporting) AS gross_sales
FROM {{ table("daily_sales") }}
WHERE business_date BETWEEN {{ first }} AND {{ day }}
GROUP BY business_date, category
UNION ALL
SELECT
    business_date,
    'channel' AS kind,
    channel AS name,
    SUM(gross_sales_reporting) AS gross_sales
FROM {{ table("daily_sales") }}
WHERE business_date BETWEEN {{ first }} AND {{ day }}
GROUP BY business_date, channel
