-- The net sales of the day that the business day is compared with, by category, country and channel; those that nothing
-- converts are left out, and their currencies named.
WITH sales AS (
    SELECT
        COALESCE(channel, source) AS channel,
        category,
        country_code,
        net_sales_reporting
    FROM {{ table("daily_sales") }}
    WHERE business_date = {{ base }}
        AND net_sales_reporting IS NOT NULL
)

SELECT
    'category' AS kind,
    category AS name,
    SUM(net_sales_reporting) AS net_sales
FROM sales
GROUP BY category
UNION ALL
SELECT
    'country' AS kind,
    country_code AS name,
    SUM(net_sales_reporting) AS net_sales
FROM sales
GROUP BY country_code
UNION ALL
SELECT
    'channel' AS kind,
    channel AS name,
    SUM(net_sales_reporting) AS net_sales
FROM sales
GROUP BY channel
UNION ALL
SELECT
    'unconverted' AS kind,
    currency AS name,
    NULL AS net_sales
FROM {{ table("daily_sales") }}
WHERE business_date = {{ base }}
    AND net_sales_reporting IS NULL
GROUP BY currency
