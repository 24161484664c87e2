{% from "warehouse/macros/keys.sql" import all_days, keys with context %}
-- Number of rows, by table, with the key of another row: two loads have committed that should have excluded each other.
{% for name, key in keys.items() %}
SELECT
    '{{ name }}' AS name,
    SUM(entries - 1) AS copies
FROM (
    SELECT COUNT(*) AS entries
    FROM `sales.{{ name }}`
    WHERE {{ all_days(name) }}
    GROUP BY {{ key | join(", ") }}
) AS counted
HAVING SUM(entries - 1) > 0
{{ "UNION ALL" if not loop.last }}
{% endfor %}
