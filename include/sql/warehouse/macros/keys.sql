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
    "payments": ["source", "payment_id"],
    "payouts": ["source", "payout_id"],
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
    "report_deliveries": ["business_date", "subscription", "figures_hash"],
    "warehouse_settings": ["setting"],
} %}
{# The same of the views and of the tables that no load replaces by keys, for dbt. #}
{% set view_keys = {
    "known_days": ["business_date"],
    "comparable_days": ["business_date"],
    "day_comparisons": ["business_date", "figure"],
    "forecast_comparisons": ["business_date", "series"],
    "net_shares": ["business_date"],
    "month_to_date": ["business_date", "span"],
    "sales_targets": ["month", "channel"],
    "daily_sales_reporting": ["business_date", "source", "channel", "category", "country_code", "currency"],
    "sales_contributions": ["business_date", "scope", "dimension", "name"],
    "shops": ["source"],
    "orders_reporting": ["source", "order_id"],
    "order_lines_reporting": ["source", "order_id", "line_number"],
    "return_lines_reporting": ["source", "refund_id", "line_number", "is_share"],
    "customer_orders": ["source", "order_id"],
    "customer_cohorts": ["first_order_month", "months_since"],
    "customer_value": ["customer_hash"],
    "repeat_purchases": ["first_order_month"],
    "coupon_performance": ["business_date", "coupon_code"],
    "product_pairs": ["sku_a", "sku_b"],
    "orders_attributes": ["source", "order_id"],
    "target_progress": ["channel"],
    "daily_conversion": ["business_date", "device", "referrer"],
    "forecasts_in_force": ["series", "target_date"],
    "conversion_rates": ["business_date", "currency"],
    "order_amounts": ["source", "order_id"],
    "order_payments": ["source", "order_id"],
    "payout_reconciliation": ["source", "payout_id"],
    "contribution_margin": ["business_date", "source", "channel", "category", "sku"],
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
