-- Of the customers whose first order was 90 to 119 days before the last day, those who ordered again within 90 days, the row of
-- `part` 'repeat'; of those whose first order was in the month of the last day, those who have ordered again until then, the
-- row of `part` 'cohort'. No row without such customers.
{% set month = "CAST(DATE_TRUNC(" ~ report_day ~ ", MONTH) AS DATE)" %}
WITH newcomers AS (
    SELECT
        customer_hash,
        DATE(first_ordered_at, {{ shop_timezone }}) AS first_date
    FROM `sales.customers`
    WHERE DATE(first_ordered_at, {{ shop_timezone }}) BETWEEN DATE_SUB({{ report_day }}, INTERVAL 119 DAY) AND {{ report_day }}
),

buyers AS (
    SELECT
        newcomers.first_date,
        COUNTIF(orders.business_date <= DATE_ADD(newcomers.first_date, INTERVAL 90 DAY)) > 1 AS repeated_soon,
        COUNT(*) > 1 AS repeated
    FROM newcomers
    INNER JOIN `sales.orders` AS orders
        ON newcomers.customer_hash = orders.customer_hash
    WHERE orders.business_date BETWEEN DATE_SUB({{ report_day }}, INTERVAL 119 DAY) AND {{ report_day }}
        AND orders.is_sale
        AND NOT orders.is_test
    GROUP BY newcomers.customer_hash, newcomers.first_date
)

SELECT
    {{ slices.index({}) }} AS slice,
    'repeat' AS part,
    {{ month }} AS month,
    COUNT(*) AS customers,
    COUNTIF(repeated_soon) AS repeated
FROM buyers
WHERE first_date <= DATE_SUB({{ report_day }}, INTERVAL 90 DAY)
HAVING COUNT(*) > 0
UNION ALL
SELECT
    {{ slices.index({}) }} AS slice,
    'cohort' AS part,
    {{ month }} AS month,
    COUNT(*) AS customers,
    COUNTIF(repeated) AS repeated
FROM buyers
WHERE first_date >= {{ month }}
HAVING COUNT(*) > 0
ORDER BY part
