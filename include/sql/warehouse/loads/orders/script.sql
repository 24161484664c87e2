-- One load in one transaction: an uncaught error rolls everything back.
BEGIN TRANSACTION;

{% for part in [
    "loads/lock", "loads/orders/lost_orders", "tables/orders/load", "tables/order_lines/load", "tables/refunds/load",
    "tables/removed_orders/load", "tables/customers/load", "tables/products/load", "tables/exchange_rates/load",
    "tables/payouts/load", "tables/payments/load", "tables/loaded_files/load", "loads/orders/rejected_rows",
    "tables/load_audit/load", "tables/control_totals/load", "tables/daily_sales/load", "tables/daily_summary/load",
    "tables/daily_summary/empty_sources", "tables/report_restatements/load"
] %}
{% include "warehouse/" ~ part ~ ".sql" %}

{% endfor %}
COMMIT TRANSACTION;
