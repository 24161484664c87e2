-- What the slices sold in the period and those before it. Rows of `part` 'total' have all of a slice; 'day', 'channel',
-- 'category', 'country' and 'shop' (the source) its parts, and 'currency' the parts without an exchange rate, whose amounts
-- count nowhere. `span` is the first day of a period; days and currencies have rows of the first one only. An order with two
-- categories is in no row of a category, because it may have several.
-- Rows of `part` 'reason' have the number of refunds in `orders`; those of 'forecast' the forecast of the day `span` in force
-- on it, of the series `name`, in gross and net sales.
{% from "warehouse/macros/conversion.sql" import converted, rate_columns, rounded with context %}
{% from "warehouse/macros/slices.sql" import slices_of, span_of with context %}
WITH
{% include "warehouse/tables/sales_contributions/divided_sales.jinja" %}
,

-- An order is in a category if one of its lines is.
placed AS (
    SELECT DISTINCT
        orders.source,
        orders.order_id,
        orders.business_date,
        orders.channel,
        COALESCE(orders.country_code, 'ZZ') AS country_code,
        orders.currency,
        orders.customer_hash,
        orders.tax_amount,
        orders.shipping_amount,
        order_lines.category
    FROM `sales.orders` AS orders
    LEFT JOIN `sales.order_lines` AS order_lines
        ON
            orders.source = order_lines.source
            AND orders.order_id = order_lines.order_id
            AND {{ days("order_lines.business_date") }}
    WHERE {{ days("orders.business_date") }}
        AND orders.is_sale
        AND NOT orders.is_test
),

rated AS (
    SELECT DISTINCT
        slice,
        placed.* EXCEPT (category),
        -- By the first order of the whole shop.
        DATE(customers.first_ordered_at, {{ shop_timezone }}) >= {{ span_of("placed.business_date") }} AS is_new,
        {{ rate_columns("placed.currency", "rates") }}
    FROM placed
    CROSS JOIN UNNEST({{ slices_of("placed") }}) AS slice
    LEFT JOIN `sales.customers` AS customers
        ON placed.customer_hash = customers.customer_hash
    LEFT JOIN `sales.conversion_rates` AS rates
        ON
            placed.business_date = rates.business_date
            AND placed.currency = rates.currency
    WHERE slice IS NOT NULL
),

-- Orders have no category here: their lines do. Costs have neither; they are read from daily_sales, where a refund of a whole
-- order is in none of its categories.
entries AS (
    SELECT
        slice,
        sales.business_date,
        sales.channel,
        sales.category,
        sales.country_code,
        sales.source AS shop,
        IF(sales.net_sales_reporting IS NULL, sales.currency, NULL) AS currency,
        0 AS orders,
        0 AS converted_orders,
        CAST(NULL AS STRING) AS customer_hash,
        FALSE AS is_new,
        CAST(NULL AS BIGNUMERIC) AS tax,
        CAST(NULL AS BIGNUMERIC) AS shipping,
        sales.units,
        sales.gross_sales_reporting AS gross_sales,
        sales.discounts_reporting AS discounts,
        sales.returns_reporting AS returns,
        sales.net_sales_reporting AS net_sales,
        NULL AS cost_of_goods,
        NULL AS sales_with_cost
    FROM divided_sales AS sales
    CROSS JOIN UNNEST({{ slices_of("sales") }}) AS slice
    WHERE slice IS NOT NULL
    UNION ALL
    SELECT
        slice,
        business_date,
        channel,
        NULL AS category,
        country_code,
        source AS shop,
        IF(order_rate IS NULL OR reporting_rate IS NULL, currency, NULL) AS currency,
        1 AS orders,
        IF(order_rate IS NULL OR reporting_rate IS NULL, 0, 1) AS converted_orders,
        customer_hash,
        is_new,
        {{ converted("tax_amount") }} AS tax,
        {{ converted("shipping_amount") }} AS shipping,
        0 AS units,
        NULL AS gross_sales,
        NULL AS discounts,
        NULL AS returns,
        NULL AS net_sales,
        NULL AS cost_of_goods,
        NULL AS sales_with_cost
    FROM rated
    UNION ALL
    SELECT
        slice,
        costs.business_date,
        NULL AS channel,
        NULL AS category,
        NULL AS country_code,
        NULL AS shop,
        NULL AS currency,
        0 AS orders,
        0 AS converted_orders,
        NULL AS customer_hash,
        FALSE AS is_new,
        NULL AS tax,
        NULL AS shipping,
        0 AS units,
        NULL AS gross_sales,
        NULL AS discounts,
        NULL AS returns,
        NULL AS net_sales,
        costs.cost_of_goods_reporting AS cost_of_goods,
        costs.sales_with_cost_reporting AS sales_with_cost
    FROM `sales.daily_sales` AS costs
    CROSS JOIN UNNEST({{ slices_of("costs") }}) AS slice
    WHERE {{ days("costs.business_date") }}
        AND costs.cost_of_goods_reporting IS NOT NULL
        AND slice IS NOT NULL
),

parts AS (
    SELECT
        entries.*,
        {{ span_of("entries.business_date") }} AS span,
        part.part,
        part.name
    FROM entries
    CROSS JOIN
        UNNEST([
            STRUCT('total' AS part, '' AS name),
            STRUCT('day' AS part, CAST(entries.business_date AS STRING) AS name),
            STRUCT('channel' AS part, entries.channel AS name),
            STRUCT('category' AS part, entries.category AS name),
            STRUCT('country' AS part, entries.country_code AS name),
            STRUCT('shop' AS part, entries.shop AS name),
            STRUCT('currency' AS part, entries.currency AS name)
        ]) AS part
    WHERE part.name IS NOT NULL
        AND (entries.business_date >= {{ first }} OR part.part NOT IN ('day', 'currency'))
),

refunded AS (
    SELECT DISTINCT
        source,
        refund_id,
        line_number,
        NULLIF(TRIM(reason), '') AS reason
    FROM `sales.refunds`
    WHERE {{ days("business_date") }}
        AND business_date >= {{ first }}
)

SELECT
    slice,
    part,
    span,
    name,
    SUM(orders) AS orders,
    SUM(converted_orders) AS converted_orders,
    COUNT(DISTINCT customer_hash) AS customers,
    COUNT(DISTINCT IF(is_new, customer_hash, NULL)) AS new_customers,
    COALESCE({{ rounded("SUM(tax)") }}, 0) AS tax,
    COALESCE({{ rounded("SUM(shipping)") }}, 0) AS shipping,
    SUM(units) AS units,
    COALESCE(SUM(gross_sales), 0) AS gross_sales,
    COALESCE(SUM(discounts), 0) AS discounts,
    COALESCE(SUM(returns), 0) AS returns,
    COALESCE(SUM(net_sales), 0) AS net_sales,
    SUM(cost_of_goods) AS cost_of_goods,
    SUM(sales_with_cost) AS sales_with_cost
FROM parts
GROUP BY slice, part, span, name
UNION ALL
SELECT
    slice,
    'reason' AS part,
    {{ first }} AS span,
    refunded.reason AS name,
    COUNT(DISTINCT CONCAT(returned.source, ' ', returned.refund_id)) AS orders,
    NULL AS converted_orders,
    NULL AS customers,
    NULL AS new_customers,
    NULL AS tax,
    NULL AS shipping,
    NULL AS units,
    NULL AS gross_sales,
    NULL AS discounts,
    SUM(returned.returns) AS returns,
    NULL AS net_sales,
    NULL AS cost_of_goods,
    NULL AS sales_with_cost
FROM returned
INNER JOIN refunded
    ON
        returned.source = refunded.source
        AND returned.refund_id = refunded.refund_id
        AND IF(returned.is_share, 0, returned.line_number) = refunded.line_number
CROSS JOIN UNNEST({{ slices_of("returned") }}) AS slice
WHERE returned.business_date >= {{ first }}
    AND returned.returns <> 0
    AND slice IS NOT NULL
GROUP BY slice, refunded.reason
UNION ALL
SELECT
    NULL AS slice,
    'forecast' AS part,
    business_date AS span,
    series AS name,
    NULL AS orders,
    NULL AS converted_orders,
    NULL AS customers,
    NULL AS new_customers,
    NULL AS tax,
    NULL AS shipping,
    NULL AS units,
    forecast AS gross_sales,
    NULL AS discounts,
    NULL AS returns,
    net_forecast AS net_sales,
    NULL AS cost_of_goods,
    NULL AS sales_with_cost
FROM `sales.forecast_comparisons`
WHERE business_date >= {{ first }}
    AND forecast IS NOT NULL
ORDER BY slice ASC, part ASC, net_sales DESC, name ASC
