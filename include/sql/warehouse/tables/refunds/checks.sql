{% from "warehouse/macros/implausible.sql" import excessive_refunds with context %}
SELECT
    'refunds: one row per refund and line' AS check_name,
    'error' AS severity,
    CONCAT(source, ' refund ', refund_id, ' line ', CAST(line_number AS STRING)) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.refunds`
WHERE {{ days("business_date") }}
GROUP BY source, refund_id, line_number
HAVING COUNT(*) > 1

UNION ALL
SELECT
    'refunds: each is stored under the shop day it was made' AS check_name,
    'error' AS severity,
    CONCAT(source, ' refund ', refund_id, ' of ', CAST(refunded_at AS STRING)) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.refunds`
WHERE
    {{ days("business_date") }}
    AND business_date <> DATE(refunded_at, {{ shop_timezone }})

UNION ALL
SELECT
    'refunds: none is dated in the future' AS check_name,
    'warn' AS severity,
    CONCAT(source, ' refund ', refund_id, ' of ', CAST(refunded_at AS STRING)) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM `sales.refunds`
WHERE
    {{ days("business_date") }}
    AND refunded_at > TIMESTAMP_ADD(read_at, INTERVAL 1 DAY)

UNION ALL
SELECT
    'refunds: the order is in the warehouse' AS check_name,
    'warn' AS severity,
    CONCAT(source, ' refund ', refund_id, ' of order ', order_id) AS sample,
    business_date AS failed_on,
    run_id AS loaded_by
FROM `sales.refunds`
WHERE
    {{ days("business_date") }}
    AND order_business_date IS NULL

UNION ALL
SELECT
    'refunds: no order is refunded above its total' AS check_name,
    'warn' AS severity,
    CONCAT(
        source, ' order ', order_id, ': ', FORMAT('%.2f', amount), ' ', currency, ' refunded of ',
        FORMAT('%.2f', base_amount)
    ) AS sample,
    CAST(NULL AS DATE) AS failed_on,
    CAST(NULL AS STRING) AS loaded_by
FROM (
{{ excessive_refunds(business_date) }}
) AS excessive
