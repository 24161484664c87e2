-- One load in one transaction: an uncaught error rolls everything back.
BEGIN TRANSACTION;

{% for part in [
    "loads/lock", "loads/catalogue/products", "tables/product_pictures/load", "tables/rejected_rows/load",
    "tables/load_audit/load", "loads/catalogue/delete_rejects"
] %}
{% include "warehouse/" ~ part ~ ".sql" %}

{% endfor %}
COMMIT TRANSACTION;
