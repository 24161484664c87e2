{#
  Whether a status is a sale by include/sql/transform/orders/order_status.sql, which has one status a line; NULL for a
  status that it does not list.
#}
{% macro is_sale_by_list(status) -%}
{% set order_status %}{% include "transform/orders/order_status.sql" %}{% endset %}
CASE {{ status }}
        WHEN '' THEN FALSE
        {% for line in order_status.splitlines() if line.strip().startswith("('") %}
        WHEN '{{ line.split("'")[1] }}' THEN {{ line.split("'")[2].split(",")[1] | trim }}
        {% endfor %}
    END
{%- endmacro %}
