CREATE VIEW IF NOT EXISTS `sales.orders_attributes` (
    {% for column in columns("orders") if column.name in ["source", "order_id", "business_date"] %}
    {{ column.name }} OPTIONS (description = "{{ column.description }}"){{ "," if not loop.last or order_attributes }}
    {% endfor %}
    {% for name in order_attributes %}
    `{{ name }}` OPTIONS (description = "Text of the source's column {{ name }}; NULL when empty."){{ "," if not loop.last }}
    {% endfor %}
)
OPTIONS (
    description = "One row per order, with one column for each name in ORDER_ATTRIBUTES at the last make migrate."
)
AS
SELECT
    source,
    order_id,
    business_date{{ "," if order_attributes }}
    {% for name in order_attributes %}
    JSON_VALUE(attributes, '$.{{ name }}') AS `{{ name }}`{{ "," if not loop.last }}
    {% endfor %}
FROM `sales.orders`;
