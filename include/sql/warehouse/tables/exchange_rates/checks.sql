SELECT
    'exchange_rates: one rate per day and currency' AS check_name,
    'error' AS severity,
    CONCAT(CAST(rate_date AS STRING), ' ', currency) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.exchange_rates`
GROUP BY rate_date, currency
HAVING COUNT(*) > 1

UNION ALL
SELECT
    'exchange_rates: rates are positive' AS check_name,
    'error' AS severity,
    CONCAT(CAST(rate_date AS STRING), ' ', currency) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.exchange_rates`
WHERE rate <= 0

UNION ALL
-- Rates that convert amounts of the day: a rate with a misplaced decimal point is loaded like any other.
SELECT
    'exchange_rates: no rate doubles or halves' AS check_name,
    'warn' AS severity,
    CONCAT(
        currency, ' ', FORMAT('%.8f', rate), ' on ', CAST(rate_date AS STRING), ' after ', FORMAT('%.8f', rate_before)
    ) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
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
