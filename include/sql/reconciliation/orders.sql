{# Amounts as in include/sql/warehouse/tables/orders/for_reconciliation.sql. #}
{% macro digits(amount) -%}
coalesce(({{ amount }}::DECIMAL(38, 4) * 10000)::BIGINT::VARCHAR, '')
{%- endmacro %}
{# Whether one of the columns differs. Where NULL is no value, it stands for a row stored before the column was there. #}
{% macro differ(columns) -%}
{% for column in columns %}
            {{ "OR " if not loop.first }}(
                {% if column == "attributes" %}
                -- Names that only one side has were asked for on one side only.
                coalesce(NOT json_contains(json_merge_patch(stored.attributes, found.attributes), stored.attributes), FALSE)
                {% else %}
                found.{{ column }} IS DISTINCT FROM stored.{{ column }}
                {% if column not in null_is_a_value %}
                AND stored.{{ column }} IS NOT NULL
                {% endif %}
                {% endif %}
            )
{% endfor %}
{%- endmacro %}
-- DuckDB: a source's orders as they are now ($orders, $order_lines, $refunds: files as for a load) against the tables
-- stored_orders and stored_refunds. One row per business day on which something was compared: where an order is stored,
-- else where it would be; of refunds of other days' orders, where such a refund is stored, else where it would be.
-- Orders changed since the last read ($changed_since; NULL: none) are left out, because the next run reads them; so are
-- those that a run has read since this comparison read the source ($read_at).
WITH left_out AS (
    SELECT order_id
    FROM read_parquet($orders)
    WHERE updated_at >= $changed_since::TIMESTAMPTZ
    UNION
    SELECT order_id
    FROM read_parquet($refunds)
    WHERE refunded_at >= $changed_since::TIMESTAMPTZ
    UNION
    SELECT order_id
    FROM stored_orders
    WHERE read_at > $read_at
    UNION
    SELECT order_id
    FROM stored_refunds
    WHERE read_at > $read_at
),

found_orders AS (
    SELECT *
    FROM read_parquet($orders)
    WHERE list_contains($days, business_date) OR order_id IN (SELECT order_id FROM stored_orders)
),

found_lines AS (
    SELECT
        order_id,
        bit_xor(
            ('0x' || md5(concat(
                line_number, '|', coalesce(sku, ''),
                '|', {{ digits("quantity") }}, '|', {{ digits("unit_price") }}, '|', {{ digits("gross_amount") }},
                '|', {{ digits("discount_amount") }}, '|', {{ digits("tax_amount") }}
            ))[:15])::BIGINT
        ) AS line_digest
    FROM read_parquet($order_lines)
    GROUP BY order_id
),

found_refunds AS (
    SELECT *
    FROM read_parquet($refunds)
    WHERE list_contains($days, business_date) OR list_contains($days, order_business_date)
),

orders AS (
    SELECT
        coalesce(stored.order_id, found.order_id) AS order_id,
        coalesce(stored.business_date, found.business_date) AS business_date,
        found.order_id IS NOT NULL AS is_found,
        stored.order_id IS NOT NULL AS is_stored,
        found.gross_amount AS source_amount,
        stored.gross_amount AS stored_amount,
        found.order_id = stored.order_id AND (
            found_lines.line_digest IS DISTINCT FROM stored.line_digest OR (
{{ differ(order_columns) }}
            )
        ) AS is_changed
    FROM stored_orders AS stored
    FULL JOIN found_orders AS found ON stored.order_id = found.order_id
    LEFT JOIN found_lines ON found.order_id = found_lines.order_id
),

refunds AS (
    SELECT
        coalesce(stored.order_id, found.order_id) AS order_id,
        coalesce(
            min(stored.business_date) FILTER (list_contains($days, stored.business_date)),
            min(found.business_date) FILTER (list_contains($days, found.business_date)),
            min(stored.order_business_date),
            min(found.order_business_date)
        ) AS business_date,
        count(DISTINCT found.refund_id) AS source_refunds,
        count(DISTINCT stored.refund_id) AS stored_refunds,
        sum(found.merchandise_amount) AS source_amount,
        sum(stored.merchandise_amount) AS stored_amount,
        bool_or(found.refund_id IS NULL OR stored.refund_id IS NULL OR (
{{ differ(refund_columns) }}
        )) AS is_changed
    FROM stored_refunds AS stored
    FULL JOIN found_refunds AS found
        ON stored.refund_id = found.refund_id AND stored.line_number = found.line_number
    GROUP BY 1
)

SELECT
    coalesce(orders.business_date, refunds.business_date) AS business_date,
    count(*) FILTER (orders.is_found) AS source_orders,
    count(*) FILTER (orders.is_stored) AS stored_orders,
    coalesce(sum(orders.source_amount), 0) AS source_amount,
    coalesce(sum(orders.stored_amount), 0) AS stored_amount,
    coalesce(sum(refunds.source_refunds), 0)::BIGINT AS source_refunds,
    coalesce(sum(refunds.stored_refunds), 0)::BIGINT AS stored_refunds,
    coalesce(sum(refunds.source_amount), 0) AS source_refunded,
    coalesce(sum(refunds.stored_amount), 0) AS stored_refunded,
    count(*) FILTER (NOT orders.is_stored) AS missing,
    count(*) FILTER (NOT orders.is_found) AS gone,
    count(*) FILTER (orders.is_changed) AS changed,
    -- The refunds of an order that is missing or gone say nothing new.
    count(*) FILTER (refunds.is_changed AND coalesce(orders.is_found AND orders.is_stored, TRUE)) AS refunded
FROM orders
FULL JOIN refunds ON orders.order_id = refunds.order_id
WHERE coalesce(orders.order_id, refunds.order_id) NOT IN (SELECT order_id FROM left_out)
GROUP BY 1
ORDER BY 1;
