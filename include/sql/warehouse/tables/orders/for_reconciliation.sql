{# The amount as text without a decimal point, which every engine writes alike; nothing for NULL. #}
{% macro digits(amount) -%}
COALESCE(CAST(CAST(CAST({{ amount }} AS BIGNUMERIC) * 10000 AS INT64) AS STRING), '')
{%- endmacro %}
-- A source's orders as stored under some days, for reconciliation. `line_digest` differs when any line does in what it
-- costs: include/sql/reconciliation/orders.sql makes the same of the source's lines.
SELECT
    {% for column in columns("orders") if column.name not in ("source", "updated_at", "run_id") %}
    stored.{{ column.name }},
    {% endfor %}
    lines.line_digest
FROM {{ table("orders") }} AS stored
LEFT JOIN (
    SELECT
        order_id,
        BIT_XOR(
            CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(CONCAT(
                CAST(line_number AS STRING), '|', COALESCE(sku, ''),
                '|', {{ digits("quantity") }}, '|', {{ digits("unit_price") }}, '|', {{ digits("gross_amount") }},
                '|', {{ digits("discount_amount") }}, '|', {{ digits("tax_amount") }}
            ))), 1, 15)) AS INT64)
        ) AS line_digest
    FROM {{ table("order_lines") }}
    WHERE
        {{ days("business_date") }}
        AND source = @source
    GROUP BY order_id
) AS lines
    ON stored.order_id = lines.order_id
WHERE
    {{ days("stored.business_date") }}
    AND stored.source = @source;
