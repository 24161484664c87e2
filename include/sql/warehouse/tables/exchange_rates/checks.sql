{% from "warehouse/macros/check.sql" import check %}
{% call check(
    "exchange_rates: one rate per day and currency",
    "error",
    "{exchange rate is|exchange rates are} stored more than once",
    "amounts in that currency are counted more than once",
) %}
SELECT CONCAT(CAST(rate_date AS STRING), ' ', currency) AS sample
FROM {{ table("exchange_rates") }}
GROUP BY rate_date, currency
HAVING COUNT(*) > 1
{% endcall %}

UNION ALL
{% call check(
    "exchange_rates: rates are positive",
    "error",
    "{exchange rate is|exchange rates are} zero or negative",
    "amounts in that currency are converted wrongly",
) %}
SELECT CONCAT(CAST(rate_date AS STRING), ' ', currency) AS sample
FROM {{ table("exchange_rates") }}
WHERE rate <= 0
{% endcall %};
