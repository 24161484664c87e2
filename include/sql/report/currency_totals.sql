{% from "warehouse/macros/load_totals.sql" import currency_totals, load_totals with context %}
-- What each source states of some days, by currency, and what became of it.
WITH load_totals AS (
{{ load_totals("business_date BETWEEN " ~ first ~ " AND " ~ day) | indent(4, first=True) }}
)

{{ currency_totals("load_totals", "totals.business_date BETWEEN " ~ first ~ " AND " ~ day) }}
ORDER BY business_date, source, currency
