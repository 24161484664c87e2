{% from "warehouse/macros/accounts.sql" import accounts, amounts with context %}
-- What each source states of some days, by currency, and what became of it.
WITH accounts AS (
{{ accounts("business_date BETWEEN " ~ first ~ " AND " ~ day) | indent(4, first=True) }}
)

{{ amounts("accounts", "totals.business_date BETWEEN " ~ first ~ " AND " ~ day) }}
ORDER BY business_date, source, currency
