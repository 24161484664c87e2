-- The exchange rates of each business day: the last one published on or before the day, at most 7 days old.
-- Rates are units per euro, so the euro's own rate is 1. A day and currency without a row cannot be converted.
CREATE VIEW IF NOT EXISTS `sales.conversion_rates` (
    business_date OPTIONS (description = "Business day whose amounts are converted."),
    currency OPTIONS (description = "Currency to convert from."),
    order_rate OPTIONS (description = "Units of that currency per euro, as published."),
    reporting_rate OPTIONS (description = "Units of the reporting currency per euro, as published."),
    rate_date OPTIONS (description = "Publication day of the older of the two rates.")
)
OPTIONS (
    description = "One row per business day and currency: SAFE_DIVIDE(amount * reporting_rate, order_rate) converts an amount to the reporting currency."
)
AS
WITH published AS (
    SELECT
        rate_date,
        currency,
        rate,
        LEAD(rate_date) OVER (PARTITION BY currency ORDER BY rate_date) AS next_rate_date
    FROM `sales.exchange_rates`
    WHERE
        currency <> 'EUR'
        AND rate > 0
),

by_day AS (
    SELECT
        business_date,
        published.currency,
        published.rate,
        published.rate_date
    FROM published
    CROSS JOIN
        UNNEST(
            GENERATE_DATE_ARRAY(
                published.rate_date,
                LEAST(
                    DATE_ADD(published.rate_date, INTERVAL 7 DAY),
                    COALESCE(DATE_SUB(published.next_rate_date, INTERVAL 1 DAY), DATE '9999-12-31')
                )
            )
        ) AS business_date
),

with_euro AS (
    SELECT
        business_date,
        currency,
        rate,
        rate_date
    FROM by_day
    UNION ALL
    SELECT DISTINCT
        business_date,
        'EUR' AS currency,
        NUMERIC '1' AS rate,
        CAST(NULL AS DATE) AS rate_date
    FROM by_day
)

SELECT
    origin.business_date,
    origin.currency,
    origin.rate AS order_rate,
    reporting.rate AS reporting_rate,
    LEAST(
        COALESCE(origin.rate_date, reporting.rate_date), COALESCE(reporting.rate_date, origin.rate_date)
    ) AS rate_date
FROM with_euro AS origin
INNER JOIN with_euro AS reporting
    ON
        origin.business_date = reporting.business_date
        AND reporting.currency = {{ reporting_currency }};
