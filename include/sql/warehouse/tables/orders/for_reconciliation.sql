{# The amount in ten-thousandths as text, which is identical in every engine; empty for NULL. #}
{% macro digits(amount) -%}
COALESCE(CAST(CAST(CAST({{ amount }} AS BIGNUMERIC) * 10000 AS INT64) AS STRING), '')
{%- endmacro %}
-- Stored orders of a source on some days, for reconciliation. `line_digest` covers SKU, quantity and amounts of all
-- lines; include/sql/reconciliation/orders.sql calculates the same digest from the source's lines.
SELECT
    stored.* EXCEPT (source, updated_at, run_id),
    lines.line_digest
FROM `sales.orders` AS stored
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
    FROM `sales.order_lines`
    WHERE
        {{ days("business_date") }}
        AND source = @source
    GROUP BY order_id
) AS lines
    ON stored.order_id = lines.order_id
WHERE
    {{ days("stored.business_date") }}
    AND stored.source = @source;
