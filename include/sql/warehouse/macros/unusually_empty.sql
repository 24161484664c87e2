{#
  The sources that were read for a day and brought no order of it, although the same weekday of the last four weeks had
  at least 20 orders of them each: `source` and the fewest orders of these four days.
#}
{% macro unusually_empty(day) -%}
SELECT
    earlier.source,
    MIN(earlier.orders) AS fewest
FROM (
    SELECT
        source,
        business_date,
        COUNT(*) AS orders
    FROM {{ table("orders") }}
    WHERE
        business_date IN (
            DATE_SUB({{ day }}, INTERVAL 7 DAY), DATE_SUB({{ day }}, INTERVAL 14 DAY),
            DATE_SUB({{ day }}, INTERVAL 21 DAY), DATE_SUB({{ day }}, INTERVAL 28 DAY)
        )
    GROUP BY source, business_date
    HAVING COUNT(*) >= 20
) AS earlier
INNER JOIN (
    SELECT DISTINCT source
    FROM {{ table("load_audit") }}
    WHERE
        business_date = {{ day }}
        AND status = 'success'
        AND DATE(read_at, {{ shop_timezone }}) > business_date
) AS audit
    ON earlier.source = audit.source
LEFT JOIN (
    SELECT DISTINCT source
    FROM {{ table("orders") }}
    WHERE business_date = {{ day }}
) AS today
    ON earlier.source = today.source
WHERE today.source IS NULL
GROUP BY earlier.source
HAVING COUNT(*) = 4
{%- endmacro %}
