{% from "warehouse/macros/conversion.sql" import rate_columns, view_amount with context %}
{#
  Refunds of a whole order that are divided, one after the other, because a share depends on the earlier ones
  (docs/DECISIONS.md, A refund of a whole order is divided by what is left of its lines).
#}
{% set most_refunds = 5 %}
{#
  The part of a refund for the lines up to a running sum, rounded down, by MOD (docs/DECISIONS.md, Amounts are divided once):
  a product of two amounts is too large for INT64.
#}
{% macro up_to(running_sum, amount) -%}
{% set product = amount ~ " * (" ~ running_sum ~ ")" -%}
CAST(({{ product }} - MOD({{ product }}, total)) / total AS INT64)
{%- endmacro %}
CREATE VIEW IF NOT EXISTS `sales.return_lines_reporting` (
    business_date OPTIONS (description = "Business day of the refund."),
    source OPTIONS (description = "Source of the refund."),
    channel OPTIONS (description = "Sales channel: the source's name, or the partner's name for partner files."),
    refund_id OPTIONS (description = "Refund number in its source."),
    order_id OPTIONS (description = "Refunded order."),
    line_number OPTIONS (description = "Line of the order; 0 for an amount that cannot be allocated to one."),
    order_business_date OPTIONS (description = "Business day of the order; NULL when the order is unknown."),
    sku OPTIONS (description = "Stock keeping unit of the line; NULL without a line."),
    category OPTIONS (description = "Category of the line; 'unallocated' without a line."),
    country_code OPTIONS (description = "ISO 3166 alpha-2 country of delivery of the order; 'ZZ' when unknown."),
    currency OPTIONS (description = "Currency of the refund; the amount is in reporting currency."),
    quantity OPTIONS (description = "Units returned; NULL for an amount only, and for a share of one."),
    is_share OPTIONS (description = "Whether the amount is the line's share of an amount of the whole order. A refund with both has two rows of a line."),
    is_sale OPTIONS (description = "Whether the order counts as a sale."),
    is_test OPTIONS (description = "Whether the order is a test."),
    refunded_at OPTIONS (description = "When the refund was made."),
    returns OPTIONS (description = "Refunded merchandise at the rate of the refund's day, negative for a fee that the shop keeps; NULL without an exchange rate.")
)
OPTIONS (
    description = "One row per refund, order line and is_share, in reporting currency. A refund of a whole order is divided among the lines in proportion to what earlier refunds left of them. What exceeds that, is negative, or follows five such refunds of the order, is one row without a line."
)
AS
-- Earlier refunds of the same orders are read too: a report reads all refunds since the first of these orders.
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
    WHERE {{ read_days("business_date", whole=True) }}
),

-- A negative amount of a whole order, such as a fee that the shop keeps, gives nothing back for any line.
whole AS (
    SELECT
        *,
        ROW_NUMBER() OVER (PARTITION BY source, order_id ORDER BY refunded_at, refund_id) AS number
    FROM returned
    WHERE line_number = 0
        AND amount > 0
),

-- `kept`: the amount of a line, less the refunds of this line until the whole order was refunded.
lines AS (
    SELECT
        whole.source,
        whole.order_id,
        whole.number,
        whole.amount,
        order_lines.line_number,
        order_lines.sku,
        order_lines.category,
        CAST(order_lines.amount_after_discount * 10000 AS INT64) - COALESCE(SUM(of_line.amount), 0) AS kept
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
    WHERE {{ read_days("order_lines.business_date") }}
    GROUP BY
        whole.source,
        whole.order_id,
        whole.number,
        whole.amount,
        order_lines.line_number,
        order_lines.sku,
        order_lines.category,
        order_lines.amount_after_discount
),

-- One row per line. `amount_1` is the first refund of the whole order, `remaining` what is left of the line then, and
-- `share_1` the line's part of the refund. By running sums, the rounded shares add up to the refund; a refund of at least the
-- total, which may be 0, is divided into what was left. `share` of a later refund than those divided is NULL.
divided_0 AS (
    SELECT
        source,
        order_id,
        line_number,
        sku,
        {% for number in range(1, most_refunds + 1) %}
        CAST(SUM(IF(number = {{ number }}, amount, 0)) AS NUMERIC) AS amount_{{ number }},
        SUM(IF(number = {{ number }}, kept, 0)) AS kept_{{ number }},
        {% endfor %}
        category
    FROM lines
    GROUP BY source, order_id, line_number, sku, category
),

{% for number in range(1, most_refunds + 1) %}
divided_{{ number }} AS (
    SELECT
        * EXCEPT (remaining, total, up_to_here),
        {% set amount = "amount_" ~ number %}
        IF(
            {{ amount }} >= total,
            remaining,
            {{ up_to("up_to_here", amount) }} - {{ up_to("up_to_here - remaining", amount) }}
        ) AS share_{{ number }}
    FROM (
        SELECT
            *,
            SUM(remaining) OVER (PARTITION BY source, order_id) AS total,
            SUM(remaining) OVER (PARTITION BY source, order_id ORDER BY line_number) AS up_to_here
        FROM (
            SELECT
                *,
                GREATEST(kept_{{ number }}{% for earlier in range(1, number) %} - share_{{ earlier }}{% endfor %}, 0) AS remaining
            FROM divided_{{ number - 1 }}
        )
    )
),

{% endfor %}
shares AS (
    SELECT
        whole.source,
        whole.refund_id,
        divided.line_number,
        divided.sku,
        divided.category,
        CASE whole.number
            {% for number in range(1, most_refunds + 1) %}
            WHEN {{ number }} THEN divided.share_{{ number }}
            {% endfor %}
        END AS share
    FROM whole
    INNER JOIN divided_{{ most_refunds }} AS divided
        ON
            whole.source = divided.source
            AND whole.order_id = divided.order_id
),

allocated AS (
    SELECT
        source,
        refund_id,
        SUM(share) AS amount
    FROM shares
    GROUP BY source, refund_id
),

-- `refunded_line` is the line of the refund, 0 of a whole order.
entries AS (
    SELECT
        source,
        refund_id,
        line_number AS refunded_line,
        line_number,
        sku,
        category,
        quantity,
        FALSE AS is_share,
        amount
    FROM returned
    WHERE line_number <> 0
    UNION ALL
    SELECT
        source,
        refund_id,
        0 AS refunded_line,
        line_number,
        sku,
        category,
        CAST(NULL AS NUMERIC) AS quantity,
        TRUE AS is_share,
        share AS amount
    FROM shares
    WHERE share <> 0
    UNION ALL
    SELECT
        of_whole.source,
        of_whole.refund_id,
        0 AS refunded_line,
        of_whole.line_number,
        of_whole.sku,
        of_whole.category,
        of_whole.quantity,
        FALSE AS is_share,
        of_whole.amount - COALESCE(allocated.amount, 0) AS amount
    FROM returned AS of_whole
    LEFT JOIN allocated
        ON
            of_whole.source = allocated.source
            AND of_whole.refund_id = allocated.refund_id
    WHERE of_whole.line_number = 0
        AND of_whole.amount <> COALESCE(allocated.amount, 0)
),

rated AS (
    SELECT
        returned.business_date,
        returned.source,
        returned.channel,
        returned.refund_id,
        returned.order_id,
        entries.line_number,
        returned.order_business_date,
        entries.sku,
        entries.category,
        returned.country_code,
        returned.currency,
        entries.quantity,
        entries.is_share,
        returned.is_sale,
        returned.is_test,
        returned.refunded_at,
        entries.amount,
        {{ rate_columns("returned.currency", "rates") }}
    FROM entries
    INNER JOIN returned
        ON
            entries.source = returned.source
            AND entries.refund_id = returned.refund_id
            AND entries.refunded_line = returned.line_number
    LEFT JOIN `sales.conversion_rates` AS rates
        ON
            returned.business_date = rates.business_date
            AND returned.currency = rates.currency
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
    COALESCE(country_code, 'ZZ') AS country_code,
    currency,
    quantity,
    is_share,
    is_sale,
    is_test,
    refunded_at,
    {{ view_amount("amount * reporting_rate / order_rate") }} AS returns
FROM rated;
