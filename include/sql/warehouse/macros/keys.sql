{# The columns by which a row of a table is unique, and the column that a statement over all its days filters by. #}
{% set keys = {
    "orders": ["source", "order_id"],
    "order_lines": ["source", "order_id", "line_number"],
    "refunds": ["source", "refund_id", "line_number"],
    "removed_orders": ["source", "order_id"],
    "customers": ["customer_hash"],
    "products": ["sku"],
    "product_pictures": ["sku"],
    "exchange_rates": ["rate_date", "currency"],
    "loaded_files": ["source", "file"],
    "load_audit": ["business_date", "run_id", "source"],
    "control_totals": ["business_date", "run_id", "source", "read_at", "file", "currency"],
    "daily_sales": ["business_date", "source", "channel", "category", "country_code", "currency"],
    "daily_summary": ["business_date"],
    "daily_events": ["business_date", "event_type"],
    "daily_funnel": ["business_date", "step", "device", "referrer"],
    "sessions": ["business_date", "session_key"],
    "user_events": ["business_date", "event_id"],
    "sales_forecasts": ["series", "target_date", "model", "made_at"],
    "report_deliveries": ["business_date", "figures_hash"],
    "warehouse_settings": ["setting"],
} %}
{% set partitions = {"sales_forecasts": "target_date"} %}

{# The day of a row of `name`, by which most tables are partitioned; an empty text for tables without one. #}
{% macro day_column(name) -%}
{% set names = columns(name) | map(attribute="name") | list -%}
{% set day = partitions.get(name, "business_date") -%}
{{ day if day in names }}
{%- endmacro %}

{# The condition for all rows of `name`, which may need one on its partitions. #}
{% macro all_days(name) -%}
{{ day_column(name) ~ " >= DATE '0001-01-01'" if day_column(name) else "TRUE" }}
{%- endmacro %}
