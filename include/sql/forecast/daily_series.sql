{% from "warehouse/macros/exports.sql" import exports with context %}
-- Daily gross sales by category and by channel in reporting currency, without amounts that have no exchange rate. Channels
-- are without exports that have ended.
SELECT
    business_date,
    'category' AS kind,
    category AS name,
    SUM(gross_sales_reporting) AS gross_sales
FROM `sales.daily_sales`
WHERE business_date BETWEEN {{ first }} AND {{ day }}
GROUP BY business_date, category
UNION ALL
SELECT
    business_date,
    'channel' AS kind,
    channel AS name,
    SUM(gross_sales_reporting) AS gross_sales
FROM `sales.daily_sales`
WHERE business_date BETWEEN {{ first }} AND {{ day }}
    AND source NOT IN (
        SELECT source
        FROM (
    {{ exports() }}
        ) AS exports
        WHERE last_exported <= {{ day }}
    )
GROUP BY business_date, channel
