{#
  The days under which rows of `orders` and `refunds` are stored for the orders of the relation `wanted` (source,
  order_id): `kind` (the table), `business_date`. It reads three narrow columns of both tables, over all their days.
#}
{% macro days_of_orders(wanted) -%}
SELECT DISTINCT
    'orders' AS kind,
    stored.business_date
FROM `sales.orders` AS stored
INNER JOIN {{ wanted }} AS wanted
    ON
        stored.source = wanted.source
        AND stored.order_id = wanted.order_id
WHERE stored.business_date >= DATE '0001-01-01'
UNION ALL
SELECT DISTINCT
    'refunds' AS kind,
    stored.business_date
FROM `sales.refunds` AS stored
INNER JOIN {{ wanted }} AS wanted
    ON
        stored.source = wanted.source
        AND stored.order_id = wanted.order_id
WHERE stored.business_date >= DATE '0001-01-01'
{%- endmacro %}
