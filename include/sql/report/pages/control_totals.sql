{% from "warehouse/macros/accounts.sql" import accounts with context %}
{% from "warehouse/macros/deliveries.sql" import is_undelivered with context %}
-- What each source stated of some days, and what is loaded of them.
WITH accounts AS (
{{ accounts("business_date BETWEEN " ~ first ~ " AND " ~ day) | indent(4, first=True) }}
),

-- Those that were due, and whose file no run has loaded since.
missing AS (
    SELECT
        accounts.business_date,
        accounts.source,
        ARRAY_AGG(partner ORDER BY partner) AS partners
    FROM accounts
    CROSS JOIN UNNEST(accounts.missing_deliveries) AS partner
    WHERE
        {{ is_undelivered("partner", "accounts.business_date") }}
    GROUP BY accounts.business_date, accounts.source
)

SELECT
    accounts.business_date,
    accounts.source,
    accounts.status,
    accounts.read_at,
    accounts.rows_rejected,
    accounts.source_orders,
    accounts.orders_loaded,
    accounts.lost_orders,
    COALESCE(missing.partners, []) AS missing_deliveries,
    accounts.refused_files
FROM accounts
LEFT JOIN missing
    ON accounts.business_date = missing.business_date
    AND accounts.source = missing.source
-- What the hourly sync reads of the running day says nothing of the day as a whole.
WHERE accounts.is_closed
ORDER BY accounts.business_date, accounts.source
