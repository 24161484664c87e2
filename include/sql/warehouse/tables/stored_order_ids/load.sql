{% from "warehouse/macros/order_ids.sql" import ranges with context %}
{% from "warehouse/macros/replace.sql" import replace_days with context %}
{% call replace_days("stored_order_ids") %}
{{ ranges(days("business_date")) }}
{%- endcall %}
