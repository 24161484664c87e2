{% from "warehouse/macros/check.sql" import check with context %}
{% from "warehouse/macros/implausible.sql" import excessive_discounts, negative_discounts with context %}
{% call check("order_lines: one row per line", "error") %}
SELECT CONCAT(source, ' ', order_id, ' line ', CAST(line_number AS STRING)) AS sample
FROM `sales.order_lines`
WHERE {{ days("business_date") }}
GROUP BY source, order_id, line_number
HAVING COUNT(*) > 1
{% endcall %}

UNION ALL
{% call check("order_lines: each line has an order of the same status", "error") %}
SELECT CONCAT(order_lines.source, ' ', order_lines.order_id) AS sample
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
{% endcall %}

UNION ALL
{% call check("order_lines: gross less discount is the amount after discount", "error") %}
SELECT CONCAT(source, ' ', order_id, ' line ', CAST(line_number AS STRING)) AS sample
FROM `sales.order_lines`
WHERE
    {{ days("business_date") }}
    AND gross_amount - discount_amount <> amount_after_discount
{% endcall %}

UNION ALL
{% call check("order_lines: no discount exceeds its line", "warn") %}
SELECT
    CONCAT(
        source, ' order ', order_id, ' line ', CAST(line_number AS STRING), ': discount ',
        FORMAT('%.2f', amount), ' ', currency, ' on ', FORMAT('%.2f', base_amount)
    ) AS sample
FROM (
{{ excessive_discounts(business_date) }}
) AS excessive
{% endcall %}

UNION ALL
{% call check("order_lines: no discount is negative", "warn") %}
SELECT
    CONCAT(
        source, ' order ', order_id, ' line ', CAST(line_number AS STRING), ': discount ',
        FORMAT('%.2f', amount), ' ', currency
    ) AS sample
FROM (
{{ negative_discounts(business_date) }}
) AS negative
{% endcall %}

UNION ALL
{% call check("order_lines: unit prices are near the usual ones", "warn", dated=True) %}
SELECT
    business_date,
    run_id,
    sample
FROM (
{% include "warehouse/tables/order_lines/unusual_prices.sql" %}
) AS unusual
{% endcall %};
