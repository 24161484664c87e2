{% from "warehouse/loads/orders/replace.sql" import replace_orders with context %}
{{ replace_orders("order_lines") }}
