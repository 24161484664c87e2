{% from "warehouse/macros/changed_rates.sql" import changed_rates with context %}
{% if stored["changed_rates"] %}
MERGE INTO `sales.exchange_rates` AS stored
USING (
{{ changed_rates() | indent(4, first=True) }}
) AS arriving
    ON
        stored.rate_date = arriving.rate_date
        AND stored.currency = arriving.currency
WHEN MATCHED THEN
    UPDATE SET rate = arriving.rate
WHEN NOT MATCHED THEN
    INSERT (rate_date, currency, rate)
    VALUES (arriving.rate_date, arriving.currency, arriving.rate);
{% endif %}
