{% from "warehouse/macros/event_days.sql" import event_days with context %}
-- Number of counted orders with a purchase event, by source, on days whose events were read. Events of the neighbouring
-- days count too: clocks of shop and visitor differ, and an event may be sent after midnight.
WITH read_days AS (
    {{ event_days(first, day) }}
),

purchases AS (
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
    COUNTIF(purchases.order_id IS NOT NULL) AS seen
FROM {{ table("orders") }} AS counted
INNER JOIN read_days
    ON counted.business_date = read_days.business_date
LEFT JOIN purchases
    ON counted.order_id = purchases.order_id
WHERE counted.business_date BETWEEN {{ first }} AND {{ day }}
    AND counted.is_sale
    AND NOT counted.is_test
GROUP BY counted.business_date, counted.source
