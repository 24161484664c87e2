{#
  Sources that no longer return orders of a day: stored orders of the day that its latest complete read did not return,
  although such a read returns all orders of its day. `unreturned` of `orders` are concerned. Orders that the read rejected
  were returned. Sources with delivered files are left out, because a read skips files that are loaded. `judged_days` as in
  low_order_counts.sql.
#}
{% macro unreturned_orders(judged_days) -%}
SELECT
    stored.business_date,
    stored.source,
    COUNT(*) AS orders,
    COUNTIF(stored.read_at < latest.read_at AND rejected.order_id IS NULL) AS unreturned
FROM `sales.orders` AS stored
INNER JOIN (
    SELECT
        business_date,
        source,
        MAX(read_at) AS read_at
    FROM `sales.load_audit`
    WHERE
        {{ any_of(judged_days, "business_date") }}
        AND status = 'success'
        AND DATE(read_at, {{ shop_timezone }}) > business_date
    GROUP BY business_date, source
) AS latest
    ON
        stored.business_date = latest.business_date
        AND stored.source = latest.source
LEFT JOIN (
    SELECT DISTINCT
        business_date,
        source,
        order_id
    FROM `sales.rejected_rows`
    WHERE
        {{ any_of(judged_days, "business_date") }}
        AND order_id IS NOT NULL
) AS rejected
    ON
        stored.business_date = rejected.business_date
        AND stored.source = rejected.source
        AND stored.order_id = rejected.order_id
WHERE
    {{ any_of(judged_days, "stored.business_date") }}
    AND stored.source NOT IN (SELECT delivered.source FROM `sales.loaded_files` AS delivered)
GROUP BY stored.business_date, stored.source
HAVING unreturned > 0
{%- endmacro %}
