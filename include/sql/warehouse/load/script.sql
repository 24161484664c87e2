-- One load. An uncaught error anywhere in it rolls all of it back.
BEGIN TRANSACTION;

{% for part in [
    "load/confirm", "orders/load", "order_lines/load", "refunds/load", "removed_orders/load", "customers/load",
    "products/load", "exchange_rates/load", "loaded_files/load", "rejected_rows/load", "load_audit/load",
    "daily_sales/load", "daily_summary/load"
] %}
{% include "warehouse/" ~ part ~ ".sql" %}

{% endfor %}
COMMIT TRANSACTION;

{% include "warehouse/load/outcome.sql" %}
