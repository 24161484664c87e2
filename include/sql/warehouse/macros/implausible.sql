{#
  Implausible amounts of counted orders on the day `on_day` (a DATE); they are loaded unchanged. Each macro is a SELECT
  with the order, the amount in the order's currency, the amount it is compared with (`base_amount`), and `excess`: the
  effect on net sales if the amount is an error. See docs/DEFINITIONS.md, Implausible amounts.
#}

{# Tolerance for rounding differences: 0.05 or 0.1 % of an amount, whichever is larger. #}
{% macro tolerance(amount) -%}
GREATEST(NUMERIC '0.05', ABS({{ amount }}) * NUMERIC '0.001')
{%- endmacro %}

{# Discounts above the amount of their line. A voucher, a line with quantity 0, is compared with the rest of its order. #}
{% macro excessive_discounts(on_day) -%}
SELECT
    source,
    order_id,
    line_number,
    currency,
    discount_amount AS amount,
    discount_amount - excess AS base_amount,
    excess
FROM (
    SELECT
        source,
        order_id,
        line_number,
        currency,
        discount_amount,
        IF(
            quantity = 0,
            -SUM(amount_after_discount) OVER (PARTITION BY source, order_id),
            discount_amount - gross_amount
        ) AS excess
    FROM `sales.order_lines`
    WHERE business_date = {{ on_day }}
        AND is_sale
        AND NOT is_test
) AS discounts
WHERE discount_amount > 0
    AND excess > {{ tolerance("discount_amount - excess") }}
{%- endmacro %}

{% macro negative_discounts(on_day) -%}
SELECT
    source,
    order_id,
    line_number,
    currency,
    discount_amount AS amount,
    gross_amount AS base_amount,
    -discount_amount AS excess
FROM `sales.order_lines`
WHERE business_date = {{ on_day }}
    AND is_sale
    AND NOT is_test
    AND -discount_amount > {{ tolerance("gross_amount") }}
{%- endmacro %}

{# The days that are read of both tables: the bytes billed per day do not grow with history. #}
{% macro lately(column, on_day) -%}
{{ column }} BETWEEN DATE_SUB({{ on_day }}, INTERVAL 400 DAY) AND {{ on_day }}
{%- endmacro %}

{# Orders with a refund on the day whose refunds up to that day exceed the order total. #}
{% macro excessive_refunds(on_day) -%}
SELECT
    source,
    order_id,
    0 AS line_number,
    currency,
    amount,
    base_amount,
    LEAST(amount - base_amount, merchandise_of_day) AS excess
FROM (
    SELECT
        orders.source,
        orders.order_id,
        orders.currency,
        orders.gross_amount - orders.discount_amount + orders.tax_amount + orders.shipping_amount + orders.fee_amount
            AS base_amount,
        refunds.amount,
        refunds.merchandise_of_day
    FROM (
        SELECT
            source,
            order_id,
            order_business_date,
            SUM(merchandise_amount + tax_amount + shipping_amount) AS amount,
            SUM(IF(business_date = {{ on_day }}, merchandise_amount, NUMERIC '0')) AS merchandise_of_day
        FROM `sales.refunds`
        WHERE {{ lately("business_date", on_day) }}
            AND is_sale
            AND NOT is_test
        GROUP BY source, order_id, order_business_date
        HAVING LOGICAL_OR(business_date = {{ on_day }})
    ) AS refunds
    INNER JOIN `sales.orders` AS orders
        ON
            refunds.source = orders.source
            AND refunds.order_id = orders.order_id
            AND refunds.order_business_date = orders.business_date
    WHERE {{ lately("orders.business_date", on_day) }}
) AS refunded
WHERE amount - base_amount > {{ tolerance("base_amount") }}
{%- endmacro %}
