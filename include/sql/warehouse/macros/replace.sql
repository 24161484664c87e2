{# Replace all rows of the rendered days by those that the caller selects, in one statement. #}
{% macro replace_days(name) -%}
MERGE INTO `sales.{{ name }}` AS stored
USING (
{{ caller() | trim | indent(4, first=True) }}
) AS arriving
    ON FALSE
WHEN NOT MATCHED BY SOURCE AND {{ days("stored.business_date") }} THEN
    DELETE
WHEN NOT MATCHED THEN
{{ insert_arriving(name) }}
{%- endmacro %}

{#
  Replace the rows of the replaced orders by those that the caller selects, in one statement: a replaced order's key
  matches the stored rows, which are deleted; a selected row has no such key, matches nothing, and is inserted.

  Example: `order_lines` has lines 1 and 2 of order A and line 1 of order B; A is read again and has only line 1.

    `arriving`        replaced_order_id    matches              so
    A, line 1         NULL                 nothing              it is inserted
    (only NULLs)      A                    A, lines 1 and 2     both are deleted
    -                 -                    (B, line 1)          it stays
#}
{% macro replace_orders(name, chosen) -%}
MERGE INTO `sales.{{ name }}` AS stored
USING (
{{ caller() | trim | indent(4, first=True) }}
    UNION ALL
    SELECT
        {% for column in columns(name) %}
        NULL AS {{ column.name }},
        {% endfor %}
        replaced.source AS replaced_source,
        replaced.order_id AS replaced_order_id
    FROM `sales_staging.replaced_orders` AS replaced
) AS arriving
    ON
        {{ chosen }}
        AND stored.source = arriving.replaced_source
        AND stored.order_id = arriving.replaced_order_id
WHEN MATCHED THEN
    DELETE
WHEN NOT MATCHED AND arriving.replaced_order_id IS NULL THEN
{{ insert_arriving(name) }}
{%- endmacro %}

{#
  Replace the rows of the replaced orders in `orders`, `order_lines` or `refunds` by the staged ones, and by those of
  the query `kept`.
#}
{% macro replace_by_staged(name, kept="") -%}
{% call replace_orders(name, days("stored.business_date")) %}
{% for rows in ["`sales_staging." ~ name ~ "`", kept] if rows %}
{% if not loop.first %}
UNION ALL
{% endif %}
SELECT
    {% for column in columns(name) %}
    staged.{{ column.name }},
    {% endfor %}
    CAST(NULL AS STRING) AS replaced_source,
    CAST(NULL AS STRING) AS replaced_order_id
FROM {{ rows }} AS staged
INNER JOIN `sales_staging.replaced_orders` AS replaced
    ON
        staged.source = replaced.source
        AND staged.order_id = replaced.order_id
{% endfor %}
{% endcall %}
{%- endmacro %}

{% macro insert_arriving(name) -%}
{% set names = columns(name) | map(attribute="name") | list %}
    INSERT ({{ names | join(", ") }})
    VALUES (arriving.{{ names | join(", arriving.") }});
{%- endmacro %}
