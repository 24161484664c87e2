SELECT
    'user_events: one row per event' AS check_name,
    'error' AS severity,
    event_id AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.user_events`
WHERE {{ days("business_date") }}
GROUP BY event_id
HAVING COUNT(*) > 1

UNION ALL
SELECT
    'user_events: each is stored under the shop day it occurred' AS check_name,
    'error' AS severity,
    CONCAT(event_id, ' of ', CAST(occurred_at AS STRING)) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.user_events`
WHERE
    {{ days("business_date") }}
    AND business_date <> DATE(occurred_at, {{ shop_timezone }})

UNION ALL
-- Without a list of products, no SKU is unknown.
SELECT
    'user_events: the SKUs are known' AS check_name,
    'warn' AS severity,
    entries.sku AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
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
    CROSS JOIN (SELECT COUNT(listed_products.sku) AS listed FROM `sales.products` AS listed_products) AS catalogue
    WHERE catalogue.listed > 0
) AS entries
WHERE
    entries.is_unknown
    AND entries.unknown_entries * 100 > entries.all_entries

UNION ALL
SELECT
    'user_events: events have a visitor' AS check_name,
    'warn' AS severity,
    events.event_id AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
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
