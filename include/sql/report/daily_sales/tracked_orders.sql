-- How many of the counted orders have a purchase event, by source, on the days that have events. A shop's clock and a
-- visitor's are not the same, and an event may be sent after midnight: it is looked for on the days around, too.
WITH seen AS (
    SELECT DISTINCT order_id
    FROM {{ table("user_events") }}
    WHERE business_date BETWEEN {{ before_first }} AND {{ day_after }}
        AND event_type = 'purchase'
        AND order_id IS NOT NULL
)

SELECT
    counted.business_date,
    counted.source,
    COUNT(*) AS orders,
    COUNTIF(seen.order_id IS NOT NULL) AS seen
FROM {{ table("orders") }} AS counted
INNER JOIN (
    SELECT DISTINCT business_date
    FROM {{ table("daily_events") }}
    WHERE business_date BETWEEN {{ first }} AND {{ day }}
) AS loaded
    ON counted.business_date = loaded.business_date
LEFT JOIN seen
    ON counted.order_id = seen.order_id
WHERE counted.business_date BETWEEN {{ first }} AND {{ day }}
    AND counted.is_sale
    AND NOT counted.is_test
GROUP BY counted.business_date, counted.source
