-- Days for which partners delivered files, up to the day of the report, with the partner's orders on these days.
WITH delivered AS (
    SELECT DISTINCT
        source,
        REGEXP_EXTRACT(file, r'^(.+)_[0-9-]{10}\.csv') AS partner,
        REGEXP_EXTRACT(file, r'_([0-9-]{10})\.csv') AS delivered_for
    FROM `sales.loaded_files`
    WHERE business_date >= {{ first }}
        -- Settlements have no orders.
        AND NOT REGEXP_CONTAINS(LOWER(file), r'_settlement_[0-9-]{10}\.csv')
),

sold AS (
    SELECT
        source,
        channel,
        CAST(business_date AS STRING) AS business_date,
        COUNT(*) AS orders
    FROM `sales.orders`
    WHERE business_date BETWEEN {{ first }} AND {{ report_day }}
    GROUP BY source, channel, business_date
)

SELECT
    delivered.partner,
    CAST(delivered.delivered_for AS DATE) AS delivered_for,
    COALESCE(sold.orders, 0) AS orders
FROM delivered
LEFT JOIN sold
    ON
        delivered.source = sold.source
        AND delivered.partner = sold.channel
        AND delivered.delivered_for = sold.business_date
WHERE delivered.delivered_for BETWEEN CAST({{ first }} AS STRING) AND CAST({{ report_day }} AS STRING)
ORDER BY delivered.partner, delivered.delivered_for
