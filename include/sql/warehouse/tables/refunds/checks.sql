{% from "warehouse/macros/check.sql" import check with context %}
{% from "warehouse/macros/implausible.sql" import excessive_refunds with context %}
{% call check("refunds: one row per refund and line", "error") %}
SELECT CONCAT(source, ' refund ', refund_id, ' line ', CAST(line_number AS STRING)) AS sample
FROM `sales.refunds`
WHERE {{ days("business_date") }}
GROUP BY source, refund_id, line_number
HAVING COUNT(*) > 1
{% endcall %}

UNION ALL
{% call check("refunds: each is stored under the shop day it was made", "error") %}
SELECT CONCAT(source, ' refund ', refund_id, ' of ', CAST(refunded_at AS STRING)) AS sample
FROM `sales.refunds`
WHERE
    {{ days("business_date") }}
    AND business_date <> DATE(refunded_at, {{ shop_timezone }})
{% endcall %}

UNION ALL
{% call check("refunds: none is dated in the future", "warn") %}
SELECT CONCAT(source, ' refund ', refund_id, ' of ', CAST(refunded_at AS STRING)) AS sample
FROM `sales.refunds`
WHERE
    {{ days("business_date") }}
    AND refunded_at > TIMESTAMP_ADD(read_at, INTERVAL 1 DAY)
{% endcall %}

UNION ALL
{% call check("refunds: the order is in the warehouse", "warn", dated=True) %}
SELECT
    CONCAT(source, ' refund ', refund_id, ' of order ', order_id) AS sample,
    business_date,
    run_id
FROM `sales.refunds`
WHERE
    {{ days("business_date") }}
    AND order_business_date IS NULL
{% endcall %}

UNION ALL
{% call check("refunds: no order is refunded above its total", "warn") %}
SELECT
    CONCAT(
        source, ' order ', order_id, ': ', FORMAT('%.2f', amount), ' ', currency, ' refunded of ',
        FORMAT('%.2f', base_amount)
    ) AS sample
FROM (
{{ excessive_refunds(business_date) }}
) AS excessive
{% endcall %};
