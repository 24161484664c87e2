{% from "warehouse/macros/lock.sql" import lock_token with context %}
-- Staged rows, to compare with the manifest. The merges require one row per product.
SELECT
    'product_pictures' AS name,
    {{ sources }} AS source,
    COUNT(*) AS entries,
    COUNT(DISTINCT sku) AS different_keys,
    CAST(NULL AS NUMERIC) AS amount,
    CAST(NULL AS STRING) AS token
FROM `sales_staging.product_pictures`
UNION ALL
{{ lock_token() }};
