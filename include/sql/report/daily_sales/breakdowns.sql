{% from "warehouse/macros/divided_sales.sql" import divided_sales with context %}
-- Sales of the day by channel, category and country, in reporting currency; and by currency, in that currency, for those
-- without an exchange rate. Amounts without one count as units only. Converted refunds of whole orders are divided among
-- the orders' categories. `orders` is NULL for a category, because an order may have several. `days` are those of the
-- refunded orders and the day, `first` is the first of them.
WITH {{ divided_sales(
    "business_date = " ~ day,
    "business_date BETWEEN " ~ first ~ " AND " ~ day,
    days("order_lines.business_date"),
) }},

entries AS (
    {% for dimension, column in [("channel", "channel"), ("category", "category"), ("country", "country_code")] %}
    SELECT
        '{{ dimension }}' AS dimension,
        {{ column }} AS name,
        units,
        COALESCE(gross_sales_reporting, 0) AS gross_sales,
        COALESCE(discounts_reporting, 0) AS discounts,
        COALESCE(returns_reporting, 0) AS returns,
        COALESCE(net_sales_reporting, 0) AS net_sales
    FROM divided_sales
    UNION ALL
    {% endfor %}
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
            STRUCT('currency' AS dimension, orders.currency AS name)
        ]) AS part
    WHERE orders.business_date = {{ day }}
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
