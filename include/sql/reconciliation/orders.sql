{# Amounts as in include/sql/warehouse/tables/orders/for_reconciliation.sql. #}
{% macro digits(amount) -%}
coalesce(({{ amount }}::DECIMAL(38, 4) * 10000)::BIGINT::VARCHAR, '')
{%- endmacro %}
{# In these columns, a stored NULL is a value. In others, which `make migrate` may have added after the row was loaded, NULL is no difference. #}
{% set null_is_a_value = [
    "country_code",
    "customer_hash",
    "coupon_code",
    "order_business_date",
    "sku",
    "quantity",
    "reason",
] %}
{# Whether one of the columns differs. #}
{% macro differ(columns) -%}
{% for column in columns %}
            {{ "OR " if not loop.first }}(
                {% if column == "attributes" %}
                -- An attribute that only one side has was not configured for the other read.
                coalesce(NOT json_contains(json_merge_patch(stored.attributes, current.attributes), stored.attributes), FALSE)
                {% else %}
                current.{{ column }} IS DISTINCT FROM stored.{{ column }}
                {% if column not in null_is_a_value %}
                AND stored.{{ column }} IS NOT NULL
                {% endif %}
                {% endif %}
            )
{% endfor %}
{%- endmacro %}
-- DuckDB: compares the current orders of a source ($orders, $order_lines, $refunds: files as for a load) with the
-- tables stored_orders and stored_refunds, which lack what was forgotten (forgotten_hashes). One row per
-- business day that differs, with what differs in words: the day under which an order of $source is stored, or would
-- be; for refunds of other days' orders, the day under which the refund is stored, or would be. Left out are
-- orders that changed since the last read ($changed_since, may be NULL), because the next run reads them, orders that a
-- run has read since this comparison read the source ($read_at), and orders too old for the source to show, by their ids
-- ($visible_from, may be NULL).
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
    UNION
    SELECT order_id
    FROM (SELECT order_id FROM stored_orders UNION ALL SELECT order_id FROM stored_refunds) AS stored
    WHERE try_cast(order_id AS HUGEINT) < $visible_from::HUGEINT
),

-- Of forgotten customers the warehouse has neither the hash nor the reasons of refunds.
source_orders_read AS (
    SELECT
        * REPLACE (
            CASE
                WHEN customer_hash IN (SELECT forgotten_hash FROM forgotten_hashes) THEN NULL
                WHEN sha256(source || ' ' || order_id) IN (SELECT forgotten_hash FROM forgotten_hashes) THEN NULL
                ELSE customer_hash
            END AS customer_hash
        )
    FROM read_parquet($orders)
    WHERE list_contains($days, business_date) OR order_id IN (SELECT order_id FROM stored_orders)
),

source_lines AS (
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

source_refunds_read AS (
    SELECT
        * REPLACE (
            CASE
                WHEN sha256(source || ' ' || order_id) IN (SELECT forgotten_hash FROM forgotten_hashes) THEN NULL
                ELSE reason
            END AS reason
        )
    FROM read_parquet($refunds)
    WHERE list_contains($days, business_date) OR list_contains($days, order_business_date)
),

orders AS (
    SELECT
        coalesce(stored.order_id, current.order_id) AS order_id,
        coalesce(stored.business_date, current.business_date) AS business_date,
        current.order_id IS NOT NULL AS is_in_source,
        stored.order_id IS NOT NULL AS is_stored,
        current.order_id = stored.order_id AND (
            source_lines.line_digest IS DISTINCT FROM stored.line_digest OR (
{{ differ(order_columns) }}
            )
        ) AS is_changed
    FROM stored_orders AS stored
    FULL JOIN source_orders_read AS current ON stored.order_id = current.order_id
    LEFT JOIN source_lines ON current.order_id = source_lines.order_id
),

refunds AS (
    SELECT
        coalesce(stored.order_id, current.order_id) AS order_id,
        coalesce(
            min(stored.business_date) FILTER (list_contains($days, stored.business_date)),
            min(current.business_date) FILTER (list_contains($days, current.business_date)),
            min(stored.order_business_date),
            min(current.order_business_date)
        ) AS business_date,
        bool_or(current.refund_id IS NULL OR stored.refund_id IS NULL OR (
{{ differ(refund_columns) }}
        )) AS is_changed
    FROM stored_refunds AS stored
    FULL JOIN source_refunds_read AS current
        ON stored.refund_id = current.refund_id AND stored.line_number = current.line_number
    GROUP BY 1
),

differences AS (
    SELECT
        coalesce(orders.business_date, refunds.business_date) AS business_date,
        count(*) FILTER (NOT orders.is_stored) AS missing,
        count(*) FILTER (NOT orders.is_in_source) AS gone,
        count(*) FILTER (orders.is_changed) AS changed,
        -- Refunds of a missing or gone order are no additional difference.
        count(*) FILTER (refunds.is_changed AND coalesce(orders.is_in_source AND orders.is_stored, TRUE)) AS refunded
    FROM orders
    FULL JOIN refunds ON orders.order_id = refunds.order_id
    WHERE coalesce(orders.order_id, refunds.order_id) NOT IN (SELECT order_id FROM left_out)
    GROUP BY 1
)

-- concat_ws leaves out NULL.
SELECT
    business_date::VARCHAR AS business_date,
    $source AS source,
    'orders: ' || concat_ws(
        ', ',
        nullif(missing, 0) || ' not in the warehouse',
        nullif(gone, 0) || ' gone from the source',
        nullif(changed, 0) || ' changed',
        nullif(refunded, 0) || ' with other refunds'
    ) AS what
FROM differences
WHERE missing + gone + changed + refunded > 0
ORDER BY business_date;
