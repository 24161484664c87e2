-- Sales of the day by channel, category, country and shop (the source), in reporting currency; and by currency, in that
-- currency, for those without an exchange rate. Amounts without one count as units only. `orders` is NULL for a
-- category, because an order may have several.
WITH
{% include "warehouse/tables/sales_contributions/divided_sales.jinja" %}
,

entries AS (
    SELECT
        part.dimension,
        part.name,
        sales.units,
        COALESCE(sales.gross_sales_reporting, 0) AS gross_sales,
        COALESCE(sales.discounts_reporting, 0) AS discounts,
        COALESCE(sales.returns_reporting, 0) AS returns,
        COALESCE(sales.net_sales_reporting, 0) AS net_sales
    FROM divided_sales AS sales
    CROSS JOIN
        UNNEST([
            STRUCT('channel' AS dimension, sales.channel AS name),
            STRUCT('category' AS dimension, sales.category AS name),
            STRUCT('country' AS dimension, sales.country_code AS name),
            STRUCT('shop' AS dimension, sales.source AS name)
        ]) AS part
    UNION ALL
    SELECT
        'currency' AS dimension,
        currency AS name,
        units,
        gross_sales,
        discounts,
        returns,
        net_sales
    FROM divided_sales
    WHERE net_sales_reporting IS NULL
),

sums AS (
    SELECT
        dimension,
        name,
        SUM(units) AS units,
        SUM(gross_sales) AS gross_sales,
        SUM(discounts) AS discounts,
        SUM(returns) AS returns,
        SUM(net_sales) AS net_sales
    FROM entries
    GROUP BY dimension, name
),

-- Read from `orders`, because an order with two categories has two rows in daily_sales.
counts AS (
    SELECT
        part.dimension,
        part.name,
        COUNT(*) AS orders
    FROM `sales.orders` AS orders
    CROSS JOIN
        UNNEST([
            STRUCT('channel' AS dimension, orders.channel AS name),
            STRUCT('country' AS dimension, COALESCE(orders.country_code, 'ZZ') AS name),
            STRUCT('shop' AS dimension, orders.source AS name),
            STRUCT('currency' AS dimension, orders.currency AS name)
        ]) AS part
    WHERE orders.business_date = {{ report_day }}
        AND orders.is_sale
        AND NOT orders.is_test
    GROUP BY part.dimension, part.name
)

SELECT
    sums.dimension,
    sums.name,
    IF(sums.dimension = 'category', NULL, COALESCE(counts.orders, 0)) AS orders,
    sums.units,
    sums.gross_sales,
    sums.discounts,
    sums.returns,
    sums.net_sales
FROM sums
LEFT JOIN counts
    ON
        sums.dimension = counts.dimension
        AND sums.name = counts.name
ORDER BY sums.dimension, sums.net_sales DESC, sums.name
