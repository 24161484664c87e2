{% from "warehouse/macros/load_totals.sql" import currency_totals, is_loss, load_totals with context %}
{% from "warehouse/macros/deliveries.sql" import is_undelivered with context %}
-- Load totals of each source for some days, with the amounts that are lost.
WITH load_totals AS (
{{ load_totals("business_date BETWEEN " ~ first ~ " AND " ~ day) | indent(4, first=True) }}
),

-- Due deliveries that no run has loaded since.
missing AS (
    SELECT
        load_totals.business_date,
        load_totals.source,
        ARRAY_AGG(partner ORDER BY partner) AS partners
    FROM load_totals
    CROSS JOIN UNNEST(load_totals.missing_deliveries) AS partner
    WHERE
        {{ is_undelivered("partner", "load_totals.business_date") }}
    GROUP BY load_totals.business_date, load_totals.source
),

losses AS (
    SELECT
        business_date,
        source,
        ARRAY_AGG(STRUCT(currency, unexplained_amount AS amount) ORDER BY currency) AS amounts
    FROM (
{{ currency_totals("load_totals", "totals.business_date BETWEEN " ~ first ~ " AND " ~ day) | indent(8, first=True) }}
    ) AS currencies
    WHERE {{ is_loss("unexplained_amount") }}
    GROUP BY business_date, source
)

SELECT
    load_totals.business_date,
    load_totals.source,
    load_totals.status,
    load_totals.read_at,
    load_totals.rows_rejected,
    load_totals.source_orders,
    -- Exchange rates have no orders.
    IF(load_totals.source_orders IS NULL, NULL, load_totals.orders_loaded) AS orders_loaded,
    load_totals.lost_orders,
    COALESCE(losses.amounts, []) AS lost_amounts,
    COALESCE(missing.partners, []) AS missing_deliveries,
    load_totals.refused_files
FROM load_totals
LEFT JOIN missing
    ON load_totals.business_date = missing.business_date
    AND load_totals.source = missing.source
LEFT JOIN losses
    ON load_totals.business_date = losses.business_date
    AND load_totals.source = losses.source
-- The hourly sync reads only part of the running day.
WHERE load_totals.is_closed
ORDER BY load_totals.business_date, load_totals.source
