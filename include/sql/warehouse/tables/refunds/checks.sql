{% from "warehouse/macros/check.sql" import check with context %}
{% from "warehouse/macros/implausible.sql" import excessive_refunds with context %}
{% call check(
    "refunds: one row per refund and line",
    "error",
    "{refund is|refunds are} stored more than once",
    "returns count them more than once; make migrate removes the copies",
) %}
SELECT CONCAT(source, ' refund ', refund_id, ' line ', CAST(line_number AS STRING)) AS sample
FROM {{ table("refunds") }}
WHERE {{ days("business_date") }}
GROUP BY source, refund_id, line_number
HAVING COUNT(*) > 1
{% endcall %}

UNION ALL
{% call check(
    "refunds: each is stored under the shop day it was made",
    "error",
    "{refund is|refunds are} stored under a different day than the shop day on which {it was|they were} made",
    "the returns of both days are wrong",
) %}
SELECT CONCAT(source, ' refund ', refund_id, ' of ', CAST(refunded_at AS STRING)) AS sample
FROM {{ table("refunds") }}
WHERE
    {{ days("business_date") }}
    AND business_date <> DATE(refunded_at, {{ shop_timezone }})
{% endcall %}

UNION ALL
{% call check(
    "refunds: none is dated in the future",
    "warn",
    "{refund is|refunds are} dated more than a day after the read",
    "they count on a future day and are in no report until then",
    "correct the date or the clock of the source, then make repair DAY=<day of the run> SOURCE=<source>",
    3,
) %}
SELECT CONCAT(source, ' refund ', refund_id, ' of ', CAST(refunded_at AS STRING)) AS sample
FROM {{ table("refunds") }}
WHERE
    {{ days("business_date") }}
    AND refunded_at > TIMESTAMP_ADD(read_at, INTERVAL 1 DAY)
{% endcall %}

UNION ALL
{% call check(
    "refunds: the order is in the warehouse",
    "warn",
    "{refund belongs to an order|refunds belong to orders} missing from the warehouse",
    "counted under Returns of whole orders until the order is read",
    "read the order with make repair DAY=<day of the order> SOURCE=<source>; nothing, if the order is older than the loaded history",
    2,
    dated=True,
) %}
SELECT
    CONCAT(source, ' refund ', refund_id, ' of order ', order_id) AS sample,
    business_date,
    run_id
FROM {{ table("refunds") }}
WHERE
    {{ days("business_date") }}
    AND order_business_date IS NULL
{% endcall %}

UNION ALL
{% call check(
    "refunds: no order is refunded above its total",
    "warn",
    "{order|orders} with a refund on the day {has|have} refunds above {its|their} total",
    "if it is an error, returns are too high and net sales too low",
    "compare with the source and correct it there; the next run loads the correction",
    3,
) %}
SELECT
    CONCAT(
        source, ' order ', order_id, ': ', FORMAT('%.2f', amount), ' ', currency, ' refunded of ',
        FORMAT('%.2f', base_amount)
    ) AS sample
FROM (
{{ excessive_refunds(business_date) }}
) AS excessive
{% endcall %};
