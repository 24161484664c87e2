{% from "warehouse/macros/check.sql" import check with context %}
{% from "warehouse/macros/implausible.sql" import tolerance with context %}
{% from "warehouse/macros/low_order_counts.sql" import low_order_counts with context %}
{% from "warehouse/macros/unreturned_orders.sql" import unreturned_orders with context %}
{% from "warehouse/macros/order_status.sql" import is_sale_by_list with context %}
{#- Only the day of the run: other days that it loaded orders of are checked by their own runs. #}
{% macro run_day(column, before=0) -%}
{% if before %}
{{ column }} BETWEEN DATE_SUB({{ business_date }}, INTERVAL {{ before }} DAY) AND {{ business_date }}
{%- else %}
{{ column }} = {{ business_date }}
{%- endif %}
{%- endmacro %}
{% call check(
    "orders: one row per order",
    "error",
    "{order is|orders are} stored more than once",
    "orders and sales count them more than once; make migrate removes the copies",
) %}
SELECT CONCAT(source, ' ', order_id) AS sample
FROM {{ table("orders") }}
WHERE {{ days("business_date") }}
GROUP BY source, order_id
HAVING COUNT(*) > 1
{% endcall %}

UNION ALL
-- An export contains orders of a live source, or was loaded under two names. Comparing the amount excludes orders of
-- two sources that use the same numbers.
{% call check(
    "orders: no order is stored under two sources",
    "warn",
    "{order is|orders are} stored under two sources with the same day and amount",
    "sales count them twice",
    "if they are the same orders, run make undo-history SOURCE=<export> and load the export without these days",
    3,
) %}
SELECT CONCAT(orders.order_id, ' of ', orders.source, ' and ', others.source) AS sample
FROM {{ table("orders") }} AS orders
INNER JOIN {{ table("orders") }} AS others
    ON
        orders.business_date = others.business_date
        AND orders.order_id = others.order_id
        AND orders.gross_amount = others.gross_amount
WHERE
    {{ days("orders.business_date") }}
    AND {{ days("others.business_date") }}
    AND orders.source < others.source
    AND orders.is_sale
    AND others.is_sale
    AND orders.gross_amount > 0
{% endcall %}

UNION ALL
{% call check(
    "orders: key and currency are not empty",
    "error",
    "{order has|orders have} no source, no id or no currency",
    "such an order cannot be identified or converted",
) %}
SELECT CONCAT(COALESCE(source, '?'), ' ', COALESCE(order_id, '?')) AS sample
FROM {{ table("orders") }}
WHERE
    {{ days("business_date") }}
    AND (COALESCE(source, '') = '' OR COALESCE(order_id, '') = '' OR COALESCE(currency, '') = '')
{% endcall %}

UNION ALL
{% call check(
    "orders: each is stored under the shop day of its creation",
    "error",
    "{order is|orders are} stored under a different day than the shop day of {its|their} creation",
    "the figures of both days are wrong",
) %}
SELECT CONCAT(source, ' ', order_id, ' of ', CAST(ordered_at AS STRING)) AS sample
FROM {{ table("orders") }}
WHERE
    {{ days("business_date") }}
    AND business_date <> DATE(ordered_at, {{ shop_timezone }})
{% endcall %}

UNION ALL
{% call check(
    "orders: none is dated in the future",
    "warn",
    "{order is|orders are} dated more than a day after the read",
    "they count on a future day and are in no report until then",
    "correct the date or the clock of the source, then make repair DAY=<day of the run> SOURCE=<source>",
    3,
) %}
SELECT CONCAT(source, ' ', order_id, ' of ', CAST(ordered_at AS STRING)) AS sample
FROM {{ table("orders") }}
WHERE
    {{ days("business_date") }}
    AND ordered_at > TIMESTAMP_ADD(read_at, INTERVAL 1 DAY)
{% endcall %}

UNION ALL
{% call check(
    "orders: amounts are the sums of the lines",
    "error",
    "{order has|orders have} amounts that differ from the sum of {its|their} lines",
    "orders and breakdowns do not match",
) %}
SELECT CONCAT(orders.source, ' ', orders.order_id) AS sample
FROM {{ table("orders") }} AS orders
LEFT JOIN (
    SELECT
        source,
        order_id,
        business_date,
        COUNT(*) AS lines,
        SUM(gross_amount) AS gross_amount,
        SUM(discount_amount) AS discount_amount
    FROM {{ table("order_lines") }}
    WHERE {{ days("business_date") }}
    GROUP BY source, order_id, business_date
) AS sums
    ON
        orders.source = sums.source
        AND orders.order_id = sums.order_id
        AND orders.business_date = sums.business_date
WHERE
    {{ days("orders.business_date") }}
    AND (
        orders.item_count <> COALESCE(sums.lines, 0)
        OR orders.gross_amount <> COALESCE(sums.gross_amount, 0)
        OR orders.discount_amount <> COALESCE(sums.discount_amount, 0)
    )
{% endcall %}

UNION ALL
{% call check(
    "orders: no source is unusually empty",
    "warn",
    "{source has|sources have} no orders on the day and usually {has|have} 10 or more",
    "orders are missing, unless the shop was closed",
    "look for orders of the day in the source; once they exist: make repair DAY=<day> SOURCE=<source>",
    3,
) %}
SELECT
    CONCAT(
        name, ' has no orders on ', CAST(business_date AS STRING), ' and had ', CAST(usual AS STRING),
        ' on average on comparable days'
    ) AS sample
FROM (
{{ low_order_counts(run_day) }}
) AS low_counts
WHERE is_empty
{% endcall %}

UNION ALL
{% call check(
    "orders: sources still return the stored orders of the day",
    "warn",
    "{source no longer returns|sources no longer return} orders of the day that are in the warehouse",
    "the figures contain these orders, and may lack others",
    "look for the orders in the source. If it has them, make repair DAY=<day> SOURCE=<source>; if they were deleted, the DAG sales_reconciliation removes them from the warehouse",
    3,
) %}
SELECT
    CONCAT(source, ': ', CAST(unreturned AS STRING), ' of ', CAST(orders AS STRING), ' orders') AS sample
FROM (
{{ unreturned_orders(run_day) }}
) AS returned
{% endcall %}

UNION ALL
-- A list that was changed after the load counts as well: the stored orders are counted by the former list.
{% call check(
    "orders: each is counted by the list of statuses",
    "warn",
    "{order has a status|orders have statuses} that order_status.sql does not list, or listed differently when {it was|they were} loaded",
    "orders with an unlisted status do not count as sales",
    "add the status to include/sql/transform/orders/order_status.sql and read the source again: make repair DAY=<day> SOURCE=<source> (a partner has to deliver the file again, with any change)",
    3,
    dated=True,
) %}
SELECT
    CONCAT(COALESCE(status, 'no status'), ', ', source, ' order ', order_id) AS sample,
    business_date,
    run_id
FROM {{ table("orders") }}
WHERE
    {{ days("business_date") }}
    AND {{ is_sale_by_list("status") }} IS DISTINCT FROM is_sale
{% endcall %}

UNION ALL
{% call check(
    "orders: no shipping is negative",
    "warn",
    "{order of the day has|orders of the day have} negative shipping",
    "if it is an error, shipping is too low by that amount; sales are not affected",
    "compare with the source and correct it there; the next run loads the correction",
    3,
) %}
SELECT
    CONCAT(
        source, ' order ', order_id, ': shipping ', FORMAT('%.2f', shipping_amount), ' ', currency
    ) AS sample
FROM {{ table("orders") }}
WHERE
    business_date = {{ business_date }}
    AND is_sale
    AND NOT is_test
    AND -shipping_amount > {{ tolerance("gross_amount") }}
{% endcall %};
