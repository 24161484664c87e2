{% from "warehouse/macros/lock.sql" import lock_token with context %}
-- Staged rows, to compare with the manifest. The merge requires one row per series and day.
SELECT
    'sales_forecasts' AS name,
    {{ sources }} AS source,
    COUNT(*) AS entries,
    COUNT(DISTINCT CONCAT(series, '|', CAST(target_date AS STRING))) AS different_keys,
    SUM(forecast) AS amount,
    CAST(NULL AS STRING) AS token
FROM `sales_staging.sales_forecasts`
UNION ALL
{{ lock_token() }};
