{% from "warehouse/macros/order_ids.sql" import days_of_orders with context %}
-- Days of the rows of `orders` and `refunds` of some orders of a source: BigQuery prunes partitions by constants only.
{{ days_of_orders("(SELECT @source AS source, order_id FROM UNNEST(@order_ids) AS order_id)") }};
