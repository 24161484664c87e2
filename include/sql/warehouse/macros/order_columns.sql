{#
  The columns of an order that the views with its amounts share, with their descriptions.
#}
{% macro order_columns() -%}
{% for column in columns("orders") if column.name in [
    "source", "order_id", "business_date", "channel", "attributes", "status", "is_sale", "is_test", "currency",
    "country_code", "customer_hash", "coupon_code", "item_count", "ordered_at"
] %}
    {{ column.name }} OPTIONS (
        description = "{{ "Currency of the order; the amounts are in reporting currency." if column.name == "currency"
            else "ISO 3166 alpha-2 country of delivery; 'ZZ' when unknown." if column.name == "country_code"
            else column.description }}"
    ),
{% endfor %}
{%- endmacro %}
