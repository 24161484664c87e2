{% from "warehouse/macros/keys.sql" import all_days, day_column, keys with context %}
-- The days of all rows with the key of another row, in the tables that have `copies`; NULL for tables without days.
{% for name in copies %}
SELECT DISTINCT
    '{{ name }}' AS name,
    day
FROM (
    SELECT
        {{ day_column(name) or "CAST(NULL AS DATE)" }} AS day,
        COUNT(*) OVER (PARTITION BY {{ keys[name] | join(", ") }}) AS entries
    FROM `sales.{{ name }}`
    WHERE {{ all_days(name) }}
) AS counted
WHERE entries > 1
{{ "UNION ALL" if not loop.last }}
{% endfor %}
ORDER BY name, day
