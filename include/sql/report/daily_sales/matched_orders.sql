{% from "warehouse/macros/conversion.sql" import view_amount %}
{% from "warehouse/macros/event_days.sql" import event_days with context %}
-- Counted orders of the day and those of them with a purchase event, by source, for sources that sell on the website: at
-- least half of their orders are matched, in the 28 days before, or on the day if those have no order on a day whose
-- events were read. Events of the neighbouring days count too: clocks of shop and visitor differ, and an event may be sent
-- after midnight.
{% set first = "DATE_SUB(" ~ report_day ~ ", INTERVAL 28 DAY)" %}
WITH read_days AS (
    {{ event_days(first, report_day) }}
),

purchases AS (
    SELECT DISTINCT order_id
    FROM `sales.user_events`
    WHERE business_date BETWEEN DATE_SUB({{ report_day }}, INTERVAL 29 DAY) AND DATE_ADD({{ report_day }}, INTERVAL 1 DAY)
        AND event_type = 'purchase'
        AND order_id IS NOT NULL
),

sums AS (
    SELECT
        counted.source,
        COUNTIF(counted.business_date = {{ report_day }}) AS orders,
        COUNTIF(counted.business_date = {{ report_day }} AND purchases.order_id IS NOT NULL) AS seen,
        COUNTIF(counted.business_date < {{ report_day }}) AS orders_before,
        COUNTIF(counted.business_date < {{ report_day }} AND purchases.order_id IS NOT NULL) AS seen_before
    FROM `sales.orders` AS counted
    INNER JOIN read_days
        ON counted.business_date = read_days.business_date
    LEFT JOIN purchases
        ON counted.order_id = purchases.order_id
    WHERE counted.business_date BETWEEN {{ first }} AND {{ report_day }}
        AND counted.is_sale
        AND NOT counted.is_test
    GROUP BY counted.source
)

SELECT
    source,
    orders,
    seen,
    IF(orders_before > 0, {{ view_amount("SAFE_DIVIDE(10000 * seen_before, orders_before)") }}, NULL) AS usual
FROM sums
WHERE IF(orders_before > 0, 2 * seen_before >= orders_before, 2 * seen >= orders)
ORDER BY source
