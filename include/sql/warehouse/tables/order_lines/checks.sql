{% from "warehouse/macros/implausible.sql" import excessive_discounts, negative_discounts with context %}
SELECT
    'order_lines: one row per line' AS check_name,
    'error' AS severity,
    CONCAT(source, ' ', order_id, ' line ', CAST(line_number AS STRING)) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.order_lines`
WHERE {{ days("business_date") }}
GROUP BY source, order_id, line_number
HAVING COUNT(*) > 1

UNION ALL
SELECT
    'order_lines: each line has an order of the same status' AS check_name,
    'error' AS severity,
    CONCAT(order_lines.source, ' ', order_lines.order_id) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.order_lines` AS order_lines
LEFT JOIN `sales.orders` AS orders
    ON
        order_lines.source = orders.source
        AND order_lines.order_id = orders.order_id
        AND order_lines.business_date = orders.business_date
        AND {{ days("orders.business_date") }}
WHERE
    {{ days("order_lines.business_date") }}
    AND (
        orders.order_id IS NULL
        OR orders.is_sale <> order_lines.is_sale
        OR orders.is_test <> order_lines.is_test
        OR orders.currency <> order_lines.currency
    )

UNION ALL
SELECT
    'order_lines: gross less discount is the amount after discount' AS check_name,
    'error' AS severity,
    CONCAT(source, ' ', order_id, ' line ', CAST(line_number AS STRING)) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.order_lines`
WHERE
    {{ days("business_date") }}
    AND gross_amount - discount_amount <> amount_after_discount

UNION ALL
SELECT
    'order_lines: no discount exceeds its line' AS check_name,
    'warn' AS severity,
    CONCAT(
        source, ' order ', order_id, ' line ', CAST(line_number AS STRING), ': discount ',
        FORMAT('%.2f', amount), ' ', currency, ' on ', FORMAT('%.2f', base_amount)
    ) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM (
{{ excessive_discounts(business_date) }}
) AS excessive

UNION ALL
SELECT
    'order_lines: no discount is negative' AS check_name,
    'warn' AS severity,
    CONCAT(
        source, ' order ', order_id, ' line ', CAST(line_number AS STRING), ': discount ',
        FORMAT('%.2f', amount), ' ', currency
    ) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM (
{{ negative_discounts(business_date) }}
) AS negative

UNION ALL
SELECT
    'order_lines: unit prices are near the usual ones' AS check_name,
    'warn' AS severity,
    sample,
    business_date AS failed_on,
    run_id AS loaded_by
FROM (
{% include "warehouse/tables/order_lines/unusual_prices.sql" %}
) AS unusual
