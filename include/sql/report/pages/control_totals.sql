{% from "warehouse/macros/load_totals.sql" import load_totals with context %}
{% from "warehouse/macros/deliveries.sql" import is_undelivered with context %}
-- Load totals of each source for some days.
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
)

SELECT
    load_totals.business_date,
    load_totals.source,
    load_totals.status,
    load_totals.read_at,
    load_totals.rows_rejected,
    load_totals.source_orders,
    load_totals.orders_loaded,
    load_totals.lost_orders,
    COALESCE(missing.partners, []) AS missing_deliveries,
    load_totals.refused_files
FROM load_totals
LEFT JOIN missing
    ON load_totals.business_date = missing.business_date
    AND load_totals.source = missing.source
-- The hourly sync reads only part of the running day.
WHERE load_totals.is_closed
ORDER BY load_totals.business_date, load_totals.source
