{% from "warehouse/macros/check.sql" import check %}
{% call check("exchange_rates: one rate per day and currency", "error") %}
SELECT CONCAT(CAST(rate_date AS STRING), ' ', currency) AS sample
FROM `sales.exchange_rates`
GROUP BY rate_date, currency
HAVING COUNT(*) > 1
{% endcall %}

UNION ALL
{% call check("exchange_rates: rates are positive", "error") %}
SELECT CONCAT(CAST(rate_date AS STRING), ' ', currency) AS sample
FROM `sales.exchange_rates`
WHERE rate <= 0
{% endcall %}

UNION ALL
-- Rates that convert amounts of the day: a rate with a misplaced decimal point is loaded like any other.
{% call check("exchange_rates: no rate doubles or halves", "warn") %}
SELECT
    CONCAT(
        currency, ' ', FORMAT('%.8f', rate), ' on ', CAST(rate_date AS STRING), ' after ', FORMAT('%.8f', rate_before)
    ) AS sample
FROM (
    SELECT
        currency,
        rate_date,
        rate,
        LAG(rate) OVER (PARTITION BY currency ORDER BY rate_date) AS rate_before
    FROM `sales.exchange_rates`
) AS rates
WHERE
    rate_date BETWEEN DATE_SUB({{ business_date }}, INTERVAL 7 DAY) AND {{ business_date }}
    AND (rate > 2 * rate_before OR 2 * rate < rate_before)
{% endcall %};
