{% from "warehouse/macros/forgotten.sql" import hashes_with_orders, is_about_forgotten with context %}
-- What the warehouse holds about forgotten customers: rows by table, their days (`customers` has none), and the texts by
-- which an archived report may show them.
WITH forgotten AS (
    {{ hashes_with_orders("`sales.orders`") | indent(4) }}
)

SELECT
    'customers' AS name,
    COUNT(*) AS entries,
    CAST(NULL AS ARRAY<DATE>) AS days,
    CAST(NULL AS ARRAY<STRING>) AS texts
FROM `sales.customers`
WHERE {{ is_about_forgotten("customers", "forgotten") }}
HAVING COUNT(*) > 0
{% for name in ["orders", "order_lines", "refunds", "rejected_rows", "user_events"] %}
UNION ALL
SELECT
    '{{ name }}' AS name,
    COUNT(*) AS entries,
    ARRAY_AGG(DISTINCT business_date ORDER BY business_date) AS days,
    {% if name in ("orders", "refunds") %}
    {% set column = "reason" if name == "refunds" else "order_id" %}
    ARRAY_AGG(DISTINCT {{ column }} ORDER BY {{ column }}) AS texts
    {% else %}
    CAST(NULL AS ARRAY<STRING>) AS texts
    {% endif %}
FROM `sales.{{ name }}`
WHERE
    DATE '0001-01-01' <= business_date
    AND {{ is_about_forgotten(name, "forgotten") }}
HAVING COUNT(*) > 0
{% endfor %};
