-- Gross sales of each day by category and by channel, in reporting currency; what has no exchange rate is not in it.
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
