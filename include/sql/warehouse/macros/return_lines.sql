{% from "warehouse/macros/conversion.sql" import rate_columns, view_amount with context %}
{% macro of_refund(relation) -%}
{% for column in ["business_date", "source", "channel", "refund_id", "order_id", "order_business_date", "country_code",
    "currency", "is_sale", "is_test", "refunded_at"] -%}
{{ relation }}.{{ column }}{{ ",\n        " if not loop.last }}
{%- endfor %}
{%- endmacro %}
{#
  The amount that the lines have up to a running sum, rounded down, by MOD (docs/DECISIONS.md, Amounts are divided once): a
  product of two amounts is too large for INT64.
#}
{% macro up_to(running_sum) -%}
{% set product = "divisible * (" ~ running_sum ~ ")" -%}
CAST(({{ product }} - MOD({{ product }}, total)) / total AS INT64)
{%- endmacro %}
{#
  Refunds by order line, in reporting currency: one of a whole order is divided among its lines. A negative amount of a whole
  order, such as a fee that the shop keeps, is not: it gives nothing back for any line. `of_refunds` and `of_lines` are conditions on the days of `refunds`, which include those of earlier refunds of the same orders, and of `order_lines`.
#}
{% macro return_lines(of_refunds, of_lines) -%}
WITH returned AS (
    SELECT
        source,
        refund_id,
        line_number,
        business_date,
        channel,
        order_id,
        order_business_date,
        sku,
        category,
        country_code,
        currency,
        quantity,
        is_sale,
        is_test,
        refunded_at,
        CAST(merchandise_amount * 10000 AS INT64) AS amount
    FROM `sales.refunds`
    WHERE {{ of_refunds }}
),

-- `earlier`: refunds of the whole order before this one.
whole AS (
    SELECT
        *,
        COALESCE(
            SUM(GREATEST(amount, 0)) OVER (
                PARTITION BY source, order_id
                ORDER BY refunded_at, refund_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ),
            0
        ) AS earlier
    FROM returned
    WHERE line_number = 0
),

-- What was left of each line when the whole order was refunded: later refunds of lines change no earlier share.
lines AS (
    SELECT
        whole.source,
        whole.refund_id,
        whole.amount,
        whole.earlier,
        order_lines.line_number,
        order_lines.sku,
        order_lines.category,
        GREATEST(
            CAST(order_lines.amount_after_discount * 10000 AS INT64) - COALESCE(SUM(of_line.amount), 0), 0
        ) AS remaining
    FROM whole
    INNER JOIN `sales.order_lines` AS order_lines
        ON
            whole.source = order_lines.source
            AND whole.order_id = order_lines.order_id
            AND whole.order_business_date = order_lines.business_date
    LEFT JOIN returned AS of_line
        ON
            order_lines.source = of_line.source
            AND order_lines.order_id = of_line.order_id
            AND order_lines.line_number = of_line.line_number
            AND whole.refunded_at >= of_line.refunded_at
    WHERE {{ of_lines }}
    GROUP BY
        whole.source,
        whole.refund_id,
        whole.amount,
        whole.earlier,
        order_lines.line_number,
        order_lines.sku,
        order_lines.category,
        order_lines.amount_after_discount
),

-- Running sums, so that the rounded shares of a refund add up to it.
summed AS (
    SELECT
        *,
        SUM(remaining) OVER (PARTITION BY source, refund_id) AS total,
        SUM(remaining) OVER (PARTITION BY source, refund_id ORDER BY line_number) AS up_to_here
    FROM lines
),

limited AS (
    SELECT
        *,
        CAST(GREATEST(LEAST(amount, total - earlier), 0) AS NUMERIC) AS divisible
    FROM summed
    WHERE total > 0
),

divided AS (
    SELECT
        source,
        refund_id,
        line_number,
        sku,
        category,
        {{ up_to("up_to_here") }} - {{ up_to("up_to_here - remaining") }} AS share
    FROM limited
),

allocated AS (
    SELECT
        source,
        refund_id,
        SUM(share) AS amount
    FROM divided
    GROUP BY source, refund_id
),

entries AS (
    SELECT
        {{ of_refund("returned") }},
        returned.line_number,
        returned.sku,
        returned.category,
        returned.quantity,
        FALSE AS is_share,
        returned.amount
    FROM returned
    WHERE returned.line_number <> 0
    UNION ALL
    SELECT
        {{ of_refund("whole") }},
        divided.line_number,
        divided.sku,
        divided.category,
        CAST(NULL AS NUMERIC) AS quantity,
        TRUE AS is_share,
        divided.share AS amount
    FROM divided
    INNER JOIN whole
        ON
            divided.source = whole.source
            AND divided.refund_id = whole.refund_id
    WHERE divided.share <> 0
    UNION ALL
    SELECT
        {{ of_refund("whole") }},
        whole.line_number,
        whole.sku,
        whole.category,
        whole.quantity,
        FALSE AS is_share,
        whole.amount - COALESCE(allocated.amount, 0) AS amount
    FROM whole
    LEFT JOIN allocated
        ON
            whole.source = allocated.source
            AND whole.refund_id = allocated.refund_id
    WHERE whole.amount <> COALESCE(allocated.amount, 0)
),

rated AS (
    SELECT
        entries.*,
        {{ rate_columns("entries.currency", "rates") }}
    FROM entries
    LEFT JOIN `sales.conversion_rates` AS rates
        ON
            entries.business_date = rates.business_date
            AND entries.currency = rates.currency
)

SELECT
    business_date,
    source,
    channel,
    refund_id,
    order_id,
    line_number,
    order_business_date,
    sku,
    category,
    country_code,
    currency,
    quantity,
    is_share,
    is_sale,
    is_test,
    refunded_at,
    {{ view_amount("amount * reporting_rate / order_rate") }} AS returns
FROM rated
{%- endmacro %}
