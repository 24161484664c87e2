{% from "warehouse/macros/check.sql" import check %}
{% call check("user_events: one row per event", "error") %}
SELECT event_id AS sample
FROM `sales.user_events`
WHERE {{ days("business_date") }}
GROUP BY event_id
HAVING COUNT(*) > 1
{% endcall %}

UNION ALL
{% call check("user_events: each is stored under the shop day it occurred", "error") %}
SELECT CONCAT(event_id, ' of ', CAST(occurred_at AS STRING)) AS sample
FROM `sales.user_events`
WHERE
    {{ days("business_date") }}
    AND business_date <> DATE(occurred_at, {{ shop_timezone }})
{% endcall %}

UNION ALL
-- Without a list of products, no SKU is unknown.
{% call check("user_events: the SKUs are known", "warn") %}
SELECT entries.sku AS sample
FROM (
    SELECT
        events.sku,
        products.sku IS NULL AS is_unknown,
        SUM(events.entries) OVER () AS all_entries,
        SUM(IF(products.sku IS NULL, events.entries, 0)) OVER () AS unknown_entries
    FROM (
        SELECT
            sku,
            COUNT(*) AS entries
        FROM `sales.user_events`
        WHERE
            business_date = {{ business_date }}
            AND sku IS NOT NULL
        GROUP BY sku
    ) AS events
    LEFT JOIN `sales.products` AS products
        ON events.sku = products.sku
    CROSS JOIN (SELECT COUNT(*) AS listed FROM `sales.products`) AS catalogue
    WHERE catalogue.listed > 0
) AS entries
WHERE
    entries.is_unknown
    AND entries.unknown_entries * 100 > entries.all_entries
{% endcall %}

UNION ALL
{% call check("user_events: events have a visitor", "warn") %}
SELECT events.event_id AS sample
FROM `sales.user_events` AS events
CROSS JOIN (
    SELECT
        COUNT(*) AS entries,
        COUNTIF(visitor_hash IS NULL) AS without_visitor
    FROM `sales.user_events`
    WHERE business_date = {{ business_date }}
) AS totals
WHERE
    events.business_date = {{ business_date }}
    AND events.visitor_hash IS NULL
    AND totals.without_visitor * 20 > totals.entries
{% endcall %};
