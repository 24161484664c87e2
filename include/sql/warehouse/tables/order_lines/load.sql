{% from "warehouse/macros/replace.sql" import replace_by_staged with context %}
{{ replace_by_staged("order_lines") }}
