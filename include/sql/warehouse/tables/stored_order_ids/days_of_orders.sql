{% from "warehouse/macros/order_ids.sql" import days_of_orders with context %}
-- Days of the rows of `orders` and `refunds` that may belong to some orders of a source: BigQuery prunes partitions by
-- constants only. Where orders are lacking, there is a row without a day.
{{ days_of_orders("(SELECT @source AS source, order_id FROM UNNEST(@order_ids) AS order_id) AS wanted") }}
UNION ALL
SELECT
    'orders' AS kind,
    CAST(NULL AS DATE) AS business_date
FROM (
    SELECT SUM(entries) AS entries
    FROM {{ table("stored_order_ids") }}
    WHERE kind = 'orders'
) AS stored
WHERE COALESCE(stored.entries, 0) <> (SELECT COUNT(*) FROM {{ table("orders") }});
