-- One load in one transaction: an uncaught error rolls everything back.
BEGIN TRANSACTION;

{% for part in [
    "loads/confirm", "loads/catalogue/products", "tables/product_pictures/load", "tables/rejected_rows/load",
    "tables/load_audit/load", "loads/catalogue/delete_rejects"
] %}
{% include "warehouse/" ~ part ~ ".sql" %}

{% endfor %}
COMMIT TRANSACTION;

SELECT
    'product_pictures' AS name,
    COUNT(*) AS entries
FROM {{ staged("arriving_pictures") }}
UNION ALL
SELECT
    'gone' AS name,
    COUNT(*) AS entries
FROM {{ staged("gone_products") }}
UNION ALL
SELECT
    'rejected_rows' AS name,
    COUNT(*) AS entries
FROM {{ staged("rejected_rows") }};
