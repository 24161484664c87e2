-- One load in one transaction: an uncaught error rolls everything back.
BEGIN TRANSACTION;

{% for part in [
    "loads/lock", "tables/sales_forecasts/load", "tables/sales_forecasts/actuals", "tables/rejected_rows/load",
    "tables/load_audit/load"
] %}
{% include "warehouse/" ~ part ~ ".sql" %}

{% endfor %}
COMMIT TRANSACTION;
