{% from "warehouse/macros/exports.sql" import exports with context %}
CREATE VIEW IF NOT EXISTS `sales.shops` (
    source OPTIONS (description = "Source, as in the other tables."),
    platform OPTIONS (description = "Kind of system that it is read from, such as shopify; 'export' of a loaded history."),
    label OPTIONS (description = "Its name in SHOP_LABELS; NULL without one."),
    first_day OPTIONS (description = "First business day with an order that counts."),
    last_day OPTIONS (description = "Last business day with one."),
    orders OPTIONS (description = "Orders that count.")
)
OPTIONS (
    description = "One row per source with an order, and per shop of SHOPS, as SHOPS and SHOP_LABELS were at the last load with shops or make migrate."
)
AS
WITH named AS (
    SELECT
        '' AS source,
        '' AS platform
    FROM UNNEST([0]) AS nothing
    WHERE FALSE
    {% for platform, names in shops.items() %}
    {% for name in names %}
    UNION ALL
    SELECT
        '{{ platform }}_{{ name }}' AS source,
        '{{ platform }}' AS platform
    {% endfor %}
    {% endfor %}
),

labels AS (
    SELECT
        '' AS source,
        '' AS label
    FROM UNNEST([0]) AS nothing
    WHERE FALSE
    {% for name, label in shop_labels.items() %}
    UNION ALL
    SELECT
        {{ quoted(name) }} AS source,
        {{ quoted(label) }} AS label
    {% endfor %}
),

sold AS (
    SELECT
        source,
        MIN(IF(is_sale AND NOT is_test, business_date, NULL)) AS first_day,
        MAX(IF(is_sale AND NOT is_test, business_date, NULL)) AS last_day,
        COUNTIF(is_sale AND NOT is_test) AS orders
    FROM `sales.orders`
    GROUP BY source
),

sources AS (
    SELECT source
    FROM sold
    UNION DISTINCT
    SELECT source
    FROM named
)

SELECT
    sources.source,
    IF(exported.source IS NULL, COALESCE(named.platform, sources.source), 'export') AS platform,
    labels.label,
    sold.first_day,
    sold.last_day,
    COALESCE(sold.orders, 0) AS orders
FROM sources
LEFT JOIN named
    ON sources.source = named.source
LEFT JOIN labels
    ON sources.source = labels.source
LEFT JOIN sold
    ON sources.source = sold.source
LEFT JOIN (
    {{ exports() | indent(4) }}
) AS exported
    ON sources.source = exported.source;
