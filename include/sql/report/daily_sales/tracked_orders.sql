{% from "warehouse/macros/event_days.sql" import event_days with context %}
-- How many of the counted orders have a purchase event, by source, on the days whose events have been read. A shop's
-- clock and a visitor's are not the same, and an event may be sent after midnight: it is looked for on the days around,
-- too.
WITH read_days AS (
    {{ event_days(first, day) }}
),

seen AS (
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
INNER JOIN read_days
    ON counted.business_date = read_days.business_date
LEFT JOIN seen
    ON counted.order_id = seen.order_id
WHERE counted.business_date BETWEEN {{ first }} AND {{ day }}
    AND counted.is_sale
    AND NOT counted.is_test
GROUP BY counted.business_date, counted.source
