{# Load `orders`, `order_lines` or `refunds`: delete all rows of each replaced order, then insert the staged ones. #}
{% macro replace_orders(name) %}
DELETE FROM {{ table(name) }} AS stored
WHERE
    {{ days("stored.business_date") }}
    AND EXISTS (
        SELECT 1
        FROM {{ staged("replaced_orders") }} AS replaced
        WHERE
            replaced.source = stored.source
            AND replaced.order_id = stored.order_id
    );

INSERT INTO {{ table(name) }} (
    {{ columns(name) | map(attribute="name") | join(", ") }}
)
SELECT
    {% for column in columns(name) %}
    staged.{{ column.name }}{{ "," if not loop.last }}
    {% endfor %}
FROM {{ staged(name) }} AS staged
INNER JOIN {{ staged("replaced_orders") }} AS replaced
    ON
        staged.source = replaced.source
        AND staged.order_id = replaced.order_id;
{% endmacro %}
