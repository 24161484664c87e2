{% from "warehouse/macros/load_totals.sql" import currency_totals, load_totals with context %}
-- Control totals of each source for some days, by currency.
WITH load_totals AS (
{{ load_totals("business_date BETWEEN " ~ first ~ " AND " ~ day) | indent(4, first=True) }}
)

{{ currency_totals("load_totals", "totals.business_date BETWEEN " ~ first ~ " AND " ~ day) }}
ORDER BY business_date, source, currency
